"""The engine: the write side, the projector, the reactor and the read side. It imports no service."""
