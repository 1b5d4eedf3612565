"""A world for the saga, on stores in memory that pass the conformance suite of the real store."""

import pytest

from tests.core.reactor.world import World


@pytest.fixture
def world() -> World:
    """Return an empty world."""
    return World()
