"""Tools of a deployment; nothing here ships."""
