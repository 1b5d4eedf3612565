"""The saga of a transfer, by the reactor: holds are placed, answered, settled and given back."""

import pytest

from tests.core.domain.accounts.domain import hold_id
from tests.core.reactor.world import World


@pytest.fixture
def funded(world: World) -> World:
    """A world with 100 in account A and nothing in B."""
    world.open("A", 100)
    world.open("B")
    return world


def test_all_of_the_money_is_held_and_the_transfer_accepted(funded: World) -> None:
    """Requested, held, accepted."""
    funded.request("tra_1", [("A", -30), ("B", 30)])
    funded.come_to_rest()
    assert (funded.status("tra_1"), funded.status(hold_id("tra_1"))) == ("accepted", "held")
    assert (funded.money("A"), funded.money("B")) == ((100, 30, 0), (0, 0, 30))


def test_a_settled_transfer_moves_the_money(funded: World) -> None:
    """What was held is gone from one account and in the other."""
    funded.request("tra_1", [("A", -30), ("B", 30)])
    funded.come_to_rest()
    funded.settle_transfer("tra_1")
    funded.come_to_rest()
    assert (funded.money("A"), funded.money("B")) == ((70, 0, 0), (30, 0, 0))
