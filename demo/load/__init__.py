"""A load of the shop's commands and queries on a running API. local/load sends and checks it."""
