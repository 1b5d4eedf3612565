"""What the projector and the reactor share: reading a stream's records, and setting aside what cannot be handled."""
