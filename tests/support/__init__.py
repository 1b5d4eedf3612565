"""Tools for all kinds of tests: private servers, tables and databases, a running stack, a client of its API."""
