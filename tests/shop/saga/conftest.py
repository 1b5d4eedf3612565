"""A world for the order saga, in memory."""

import pytest

from tests.shop.saga.world import World


@pytest.fixture
def world() -> World:
    """Return an empty world."""
    return World()
