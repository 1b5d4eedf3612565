"""The order saga, story by story. tests/core/reactor checks the reactor's promises for any saga."""

import pytest

from chalicelib.core.dynamodb.codec import encode_item
from tests.shop.histories import head, record
from tests.shop.saga.world import World


@pytest.fixture
def world(world: World) -> World:
    """Return a world with five pieces of A."""
    world.receive("A", 5)
    return world


def ends(world: World) -> tuple[str, str, tuple[int, int]]:
    """Return the status of the only order and of its reservation, and the stock of A."""
    return world.status("ord_1"), world.status("res#ord_1"), world.stock("A")


def test_placed_reserved_confirmed_shipped(world: World) -> None:
    """The pieces are reserved, the order is confirmed, and shipping takes the pieces from stock."""
    world.receive("B", 5)
    world.place("ord_1", [("A", 2), ("B", 1), ("A", 1)])
    world.come_to_rest()
    assert ends(world) == ("confirmed", "reserved", (5, 3))
    assert world.stock("B") == (5, 1)
    world.ship("ord_1")
    world.come_to_rest()
    assert ends(world) == ("shipped", "shipped", (2, 0))
    assert world.stock("B") == (4, 0)


def test_short(world: World) -> None:
    """If one SKU is short, the order is rejected with the shortage, and nothing is reserved."""
    world.place("ord_1", [("A", 2), ("B", 3)])
    world.come_to_rest()
    assert ends(world) == ("rejected", "short", (5, 0))
    shortages = world.newest("orders")["ord_1"].state["shortages"]
    assert shortages == [{"sku": "B", "requested": 3, "available": 0}]


def test_cancelled_when_reserved(world: World) -> None:
    """A confirmed order that is cancelled releases all its pieces."""
    world.place("ord_1", [("A", 2)])
    world.come_to_rest()
    world.cancel("ord_1")
    world.come_to_rest()
    assert ends(world) == ("cancelled", "released", (5, 0))


def test_cancelled_before_anything_was_reserved(world: World) -> None:
    """The reactor sees the order placed and cancelled at once, and reserves nothing."""
    world.place("ord_1", [("A", 2)])
    world.cancel("ord_1")
    world.come_to_rest()
    assert ends(world) == ("cancelled", "released", (5, 0))


def test_cancelled_between_reserve_and_confirm(world: World) -> None:
    """Confirming is refused, so the pieces are released, even if the cancellation's own record is lost."""
    world.place("ord_1", [("A", 2)])
    world.feed("orders")
    world.cancel("ord_1")
    world.checkpoints["orders"] = len(world.streams["orders"])  # lost
    world.come_to_rest()
    assert ends(world) == ("cancelled", "released", (5, 0))


def test_release_overtakes_reserve(world: World) -> None:
    """Placing and cancelling arrive in the wrong order, in separate batches, and nothing stays reserved."""
    world.place("ord_1", [("A", 2)])
    world.cancel("ord_1")
    placed, cancelled = world.streams["orders"]
    for one in (cancelled, placed, cancelled):
        assert world.react("orders", [one]) == []
    assert ends(world) == ("cancelled", "released", (5, 0))


def test_short_crashed_and_stock_at_redelivery(world: World) -> None:
    """A short Reserve, a crash of the reactor before its checkpoint, then new stock: the order is still rejected."""
    world.place("ord_1", [("A", 9)])
    assert world.feed("orders", crash_after=1)  # after the commit, before the checkpoint
    assert (world.checkpoints["orders"], world.status("res#ord_1")) == (0, "short")
    world.receive("A", 9)
    world.come_to_rest()
    assert ends(world) == ("rejected", "short", (14, 0))


def test_redelivery_days_later(world: World) -> None:
    """Every record is delivered again, in every order of its batch, and changes nothing, in any status."""
    for sku in "ABC":
        world.receive(sku, 5)
    stories = {"ord_c": [world.cancel], "ord_s": [world.ship], "ord_d": [world.ship, world.deliver], "ord_o": []}
    for id in stories:
        world.place(id, [("A", 1), ("B", 1)])
    world.place("ord_r", [("Z", 1)])
    world.come_to_rest()
    for id, steps in stories.items():
        for step in steps:
            step(id)
            world.come_to_rest()
    world.redeliver_all()


def test_order_of_ninety_nine_skus(world: World) -> None:
    """The largest order's SKUs and its reservation fit into one transaction of DynamoDB."""
    skus = [f"S{number}" for number in range(99)]
    for sku in skus:
        world.receive(sku, 1)
    world.place("ord_1", [(sku, 1) for sku in skus])
    world.come_to_rest()
    assert world.status("ord_1") == "confirmed"
    commits = {world.newest("inventory")[id].commit for id in [*skus, "res#ord_1"]}
    assert len(commits) == 1


def test_by_which_command(world: World) -> None:
    """The saga's commits name their command and the reactor."""
    world.place("ord_1", [("A", 1)])
    world.come_to_rest()
    reserved, confirmed = world.newest("inventory")["res#ord_1"], world.newest("orders")["ord_1"]
    assert (reserved.actor, reserved.command) == ("reactor", "inventory.reserve")
    assert (confirmed.actor, confirmed.command) == ("reactor", "orders.confirm")


def test_stock_asks_for_nothing(world: World) -> None:
    """Only reservations of the inventory cause commands. Stock and claims of receipts do not."""
    claim = encode_item({"id": "claim#receipt#A#1", "owner": "A", "commit": "x"})
    records = [record("inventory", item) for item in (claim, world.streams["inventory"][0])]
    assert world.react_raw(records) == []
    assert [one.id for one in world.streams["inventory"]] == ["A"]


def test_an_unexpected_refusal_is_poison(world: World) -> None:
    """A shipped order without a reservation is poison, since a person has to look at it."""
    state = {"status": "shipped", "lines": [{"sku": "A", "quantity": 1, "unit_price": 1}]}
    assert world.react_raw([record("orders", head("ord_x", 3, state))]) == []
    assert "not-reserved" in world.dead.letters["orders#ord_x#3#reactor"].error
