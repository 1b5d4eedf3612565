"""A project of its own, without the example: `make new-project DEST=../desk SERVICE=tickets`."""
