"""A load of the shop's commands and queries on a running API. How it is sent and checked is local/load's."""
