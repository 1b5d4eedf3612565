"""A world of transfers for each test, on real stores."""

import pytest

from tests.core.operations.world import World
from tests.support.stores import Tables


@pytest.fixture
def world(tables: Tables, database: str) -> World:
    """Yield an empty world whose deadline is an hour."""
    return World(tables, database)
