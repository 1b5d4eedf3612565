"""The machinery of the write side, the projector and the read side. Knows no service."""
