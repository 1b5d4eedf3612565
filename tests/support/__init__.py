"""What tests of every kind use: private servers, tables and databases, a running stack, a client of its API."""
