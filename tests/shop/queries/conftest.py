"""The read model for tests of queries."""

from collections.abc import Iterator

import pytest

from tests.shop.queries.world import World


@pytest.fixture
def world(database: str) -> Iterator[World]:
    """Yield an empty read model."""
    made = World(database)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_world(module_database: str) -> Iterator[World]:
    """Yield a read model with one order, for tests of a module that change nothing."""
    made = World(module_database)
    made.order(products={"A": "the thé table aba"})
    yield made
    made.close()
