"""The records that the projector set aside: see them, project them again, or let them go."""
