"""The read model that tests of queries ask."""

from collections.abc import Iterator

import pytest

from tests.core.queries.world import World


@pytest.fixture
def world(database: str) -> Iterator[World]:
    """An empty read model."""
    made = World(database)
    yield made
    made.close()
