"""A world for the saga, on stores in memory that pass the real one's conformance suite."""

import pytest

from tests.core.reactor.world import World


@pytest.fixture
def world() -> World:
    """An empty world."""
    return World()
