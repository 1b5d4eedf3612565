"""The parts of a query: a snapshot that has seen the client's tokens, lists, search, and shared types."""
