"""Other ways to do what the project does. Each is written as its own documentation recommends."""
