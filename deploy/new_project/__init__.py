"""Write a project without the example: `make new-project DEST=../desk SERVICE=tickets`."""
