"""What queries are made of: a snapshot that has seen the client's tokens, lists, search, shared types."""
