"""The tools of a deployment. Nothing here ships."""
