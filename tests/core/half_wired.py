"""A composition root of the neutral domain whose services have no read tables, for a test of what the start says."""

from tests.core import bootstrap

SERVICES, REACTED_TO, PERMISSIONS, PORTS = (
    bootstrap.SERVICES,
    bootstrap.REACTED_TO,
    bootstrap.PERMISSIONS,
    bootstrap.PORTS,
)
MIGRATIONS = bootstrap.MIGRATIONS[:1]
"""The engine's alone."""
