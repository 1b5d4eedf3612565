"""Shared by projector and reactor: they read a stream's records and set aside those that cannot be handled."""
