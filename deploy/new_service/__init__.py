"""Write a first version of a service: `make new-service NAME=gift_cards` writes its folder and all generated files."""
