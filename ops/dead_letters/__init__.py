"""The records that projector and reactor set aside: see them, have them handled again, or let them go."""
