"""A world for the saga, on stores in memory that pass the real one's conformance suite."""

import pytest

from tests.core.memory_store import MemoryStore
from tests.core.reactor.world import World


def in_memory() -> World:
    """An empty world."""
    return World(lambda _, published: MemoryStore(published=published))


@pytest.fixture
def world() -> World:
    """An empty world."""
    return in_memory()
