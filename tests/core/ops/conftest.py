"""Both sides, for the operator's commands."""

from collections.abc import Iterator

import pytest

from tests.core.ops.world import World
from tests.support.stores import Tables


@pytest.fixture
def world(tables: Tables, database: str) -> Iterator[World]:
    """Yield both sides, empty."""
    world = World(tables, database)
    yield world
    world.close()
