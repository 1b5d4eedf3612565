"""The read model for tests of queries."""

from collections.abc import Iterator

import pytest

from tests.core.queries.world import World


@pytest.fixture
def world(database: str) -> Iterator[World]:
    """Yield an empty read model."""
    made = World(database)
    yield made
    made.close()
