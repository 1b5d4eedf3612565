"""A load of accounts and transfers; how it is sent and checked is local/load's."""
