"""Other ways to do what the project does, each written as its own documentation advises."""
