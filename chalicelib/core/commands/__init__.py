"""The command pipeline: load, decide, write once. It knows a store only by the port in store.py."""
