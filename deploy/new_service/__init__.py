"""A service to begin with: `make new-service NAME=gift_cards` writes its folder, its line and what is generated."""
