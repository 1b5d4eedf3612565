"""A load of accounts and transfers. local/load sends and checks it."""
