"""Benchmarks, each beside the peers that it runs against, in one process and on one server."""
