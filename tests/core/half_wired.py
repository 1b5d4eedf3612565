"""A composition root whose services have no read tables, for a test of the messages at start."""

from tests.core import bootstrap

SERVICES, REACTED_TO, PERMISSIONS, PORTS = (
    bootstrap.SERVICES,
    bootstrap.REACTED_TO,
    bootstrap.PERMISSIONS,
    bootstrap.PORTS,
)
MIGRATIONS = bootstrap.MIGRATIONS[:1]
"""The engine's alone."""
