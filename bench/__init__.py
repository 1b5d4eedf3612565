"""Benchmarks. Each runs beside the implementations that it is compared with, in one process and on one server."""
