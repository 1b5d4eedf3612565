"""The command pipeline: load, decide, write once. It knows no store but the port in `store`."""
