"""Write a first version of a service: `make new-service NAME=gift_cards` writes its folder, its line, generated files."""
