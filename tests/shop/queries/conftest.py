"""The read model that tests of queries ask."""

from collections.abc import Iterator

import pytest

from tests.shop.queries.world import World


@pytest.fixture
def world(database: str) -> Iterator[World]:
    """An empty read model."""
    made = World(database)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_world(module_database: str) -> Iterator[World]:
    """A read model with one order, for tests of a module that change nothing."""
    made = World(module_database)
    made.order(products={"A": "the thé table aba"})
    yield made
    made.close()
