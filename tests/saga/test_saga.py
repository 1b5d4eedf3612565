"""The order saga, story by story."""

import itertools
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.core.commands.store import Throttled
from chalicelib.core.dynamodb.codec import encode_item, item_of
from chalicelib.core.reactor.commands import may_pass
from chalicelib.core.service import Head
from tests.saga.world import SERVICES, World
from tests.shop.histories import head, record, sequence_of


def test_placed_reserved_confirmed_shipped(world: World) -> None:
    """The whole way: pieces are promised, the order is confirmed, and shipping takes them from stock."""
    world.receive("A", 5)
    world.receive("B", 5)
    world.place("ord_1", [("A", 2), ("B", 1), ("A", 1)])
    world.settle()
    assert (world.status("ord_1"), world.status("res#ord_1")) == ("confirmed", "reserved")
    assert (world.stock("A"), world.stock("B")) == ((5, 3), (5, 1))
    world.ship("ord_1")
    world.settle()
    assert (world.stock("A"), world.stock("B"), world.status("res#ord_1")) == ((2, 0), (4, 0), "shipped")


def test_short(world: World) -> None:
    """One SKU short: the order is rejected and says what was short; nothing is promised."""
    world.receive("A", 5)
    world.place("ord_1", [("A", 2), ("B", 3)])
    world.settle()
    state = world.orders()["ord_1"].state
    assert (state["status"], state["shortages"]) == ("rejected", [{"sku": "B", "requested": 3, "available": 0}])
    assert world.stock("A") == (5, 0)


def test_cancelled_when_reserved(world: World) -> None:
    """A confirmed order that is cancelled gives everything back."""
    world.receive("A", 5)
    world.place("ord_1", [("A", 2)])
    world.settle()
    world.cancel("ord_1")
    world.settle()
    assert (world.status("ord_1"), world.status("res#ord_1"), world.stock("A")) == ("cancelled", "released", (5, 0))


def test_cancelled_before_anything_was_reserved(world: World) -> None:
    """The reactor sees order placed and cancelled at once: nothing is ever promised."""
    world.receive("A", 5)
    world.place("ord_1", [("A", 2)])
    world.cancel("ord_1")
    world.settle()
    assert (world.status("ord_1"), world.status("res#ord_1"), world.stock("A")) == ("cancelled", "released", (5, 0))


def test_cancelled_between_reserve_and_confirm(world: World) -> None:
    """Confirming is refused, so what was reserved is released, even if the cancellation's own record is lost."""
    world.receive("A", 5)
    world.place("ord_1", [("A", 2)])
    world.feed("orders")
    world.cancel("ord_1")
    world.checkpoints["orders"] = len(world.streams["orders"])  # lost
    world.settle()
    assert (world.status("ord_1"), world.status("res#ord_1"), world.stock("A")) == ("cancelled", "released", (5, 0))


def test_release_overtakes_reserve(world: World) -> None:
    """Placing and cancelling come in the wrong order, in batches of their own: nothing stays reserved."""
    world.receive("A", 5)
    world.place("ord_1", [("A", 2)])
    world.cancel("ord_1")
    placed, cancelled = world.streams["orders"]
    for one in (cancelled, placed, cancelled):
        assert world.react("orders", [one]) == []
    assert (world.status("res#ord_1"), world.stock("A")) == ("released", (5, 0))


def test_short_crashed_and_stock_at_redelivery(world: World) -> None:
    """A reserve was short, the reactor crashed before its checkpoint, stock came: short it stays, and is rejected."""
    world.place("ord_1", [("A", 2)])
    assert world.feed("orders", crash_after=1)  # after the commit, before the checkpoint
    assert (world.checkpoints["orders"], world.status("res#ord_1")) == (0, "short")
    world.receive("A", 9)
    world.settle()
    assert (world.status("ord_1"), world.status("res#ord_1"), world.stock("A")) == ("rejected", "short", (9, 0))


@pytest.mark.parametrize("crash_after", range(4))
def test_crashes_between_steps(world: World, crash_after: int) -> None:
    """Wherever the reactor dies, the batch that comes again ends the same."""
    world.receive("A", 5)
    for id in ("ord_1", "ord_2"):
        world.place(id, [("A", 2)])
    assert world.feed("orders", crash_after=crash_after)
    world.feed("inventory", crash_after=crash_after)
    world.settle()
    assert (world.status("ord_1"), world.status("ord_2"), world.stock("A")) == ("confirmed", "confirmed", (5, 4))


def test_redelivery_days_later(world: World) -> None:
    """Every record that ever was, again and in every order of its batch: nothing changes, whatever became of it."""
    for sku in "ABC":
        world.receive(sku, 5)
    stories = {"ord_c": [world.cancel], "ord_s": [world.ship], "ord_d": [world.ship, world.deliver], "ord_o": []}
    for id in stories:
        world.place(id, [("A", 1), ("B", 1)])
    world.place("ord_r", [("Z", 1)])
    world.settle()
    for id, steps in stories.items():
        for step in steps:
            step(id)
            world.settle()
    before = {name: list(stream) for name, stream in world.streams.items()}
    for service in SERVICES:
        for order in (before[service], before[service][::-1]):
            for one in order:
                assert world.react(service, [one]) == []
            assert world.react(service, order) == []
    assert world.streams == before
    assert not world.dead.letters


def test_order_of_ninety_nine_skus(world: World) -> None:
    """All SKUs of the largest order and its reservation are one transaction, no more than DynamoDB takes."""
    skus = [f"S{number}" for number in range(99)]
    for sku in skus:
        world.receive(sku, 1)
    world.place("ord_1", [(sku, 1) for sku in skus])
    world.settle()
    assert world.status("ord_1") == "confirmed"
    commits = {world.inventory()[id].commit for id in [*skus, "res#ord_1"]}
    assert len(commits) == 1


def test_who_and_by_which_command(world: World) -> None:
    """The saga's commits are signed."""
    world.receive("A", 1)
    world.place("ord_1", [("A", 1)])
    world.settle()
    reserved, confirmed = world.inventory()["res#ord_1"], world.orders()["ord_1"]
    assert (reserved.actor, reserved.command) == ("reactor", "inventory.reserve")
    assert (confirmed.actor, confirmed.command) == ("reactor", "orders.confirm")


def test_stock_and_heartbeats_ask_for_nothing(world: World) -> None:
    """Of the inventory only reservations count, and of a batch what is no commit is passed over."""
    world.receive("A", 1)
    beat = {"id": {"S": "heartbeat#"}, "version": {"N": "7"}, "at": {"S": "2026-11-23T10:00:00.000Z"}}
    claim = encode_item({"id": "claim#receipt#A#1", "owner": "A", "commit": "x"})
    records = [record("inventory", item) for item in (beat, claim, world.streams["inventory"][0])]
    assert world.react_raw(records) == []
    assert [one.id for one in world.streams["inventory"]] == ["A"]


def poison() -> dict[str, Any]:
    """A record whose state cannot be read."""
    broken = item_of(head("ord_p", 1, {"status": "placed"}))
    return record("orders", broken)


def test_poison_is_set_aside(world: World) -> None:
    """A record that no policy can read goes to the dead letters, as the reactor's, and the next ones are done."""
    world.receive("A", 1)
    world.place("ord_1", [("A", 1)])
    undecodable = record("orders", {"id": {"S": "ord_u"}, "version": {"N": "1"}})
    assert world.react_raw([poison(), undecodable, record("orders", world.streams["orders"][0])]) == []
    assert world.status("res#ord_1") == "reserved"
    letters = world.dead.letters
    assert set(letters) == {"orders#ord_p#1#reactor", f"orders#ord_u#{sequence_of(undecodable)}#reactor"}
    assert letters["orders#ord_p#1#reactor"].error == "KeyError: 'lines'"
    assert {letter.consumer for letter in letters.values()} == {"reactor"}


def test_poison_gives_way_to_the_version_before(world: World) -> None:
    """The newest state cannot be read: the one before it counts, in one batch as in two."""
    world.receive("A", 9)
    world.place("ord_1", [("A", 1)])
    world.place("ord_2", [("A", 1)])
    for id, placed in world.orders().items():
        broken = record("orders", head(id, 2, {"status": "cancelled"}))
        batches = [[record("orders", placed), broken]] if id == "ord_1" else [[record("orders", placed)], [broken]]
        assert [world.react_raw(batch) for batch in batches] == [[]] * len(batches)
        assert world.status(f"res#{id}") == "reserved"
    assert set(world.dead.letters) == {"orders#ord_1#2#reactor", "orders#ord_2#2#reactor"}


def test_what_may_pass() -> None:
    """A wrong command is poison, alone or in a transaction; a missing right or module is the deployment's fault."""

    def refused(code: str, *reasons: str) -> ClientError:
        answer: Any = {"Error": {"Code": code}, "CancellationReasons": [{"Code": reason} for reason in reasons]}
        return ClientError(answer, "TransactWriteItems")

    assert not may_pass(refused("ValidationException"))
    assert not may_pass(refused("TransactionCanceledException", "None", "ValidationError"))
    assert may_pass(refused("AccessDeniedException"))
    assert may_pass(ModuleNotFoundError("chalicelib.core.dynamodb.store"))
    assert not may_pass(KeyError("lines"))


def test_an_unexpected_refusal_is_poison(world: World) -> None:
    """A shipped order of which nothing was ever reserved: a person has to look at it."""
    state = {"status": "shipped", "lines": [{"sku": "A", "quantity": 1, "unit_price": 1}]}
    assert world.react_raw([record("orders", head("ord_x", 3, state))]) == []
    assert "not-reserved" in world.dead.letters["orders#ord_x#3#reactor"].error


def test_a_store_that_throttles(world: World) -> None:
    """It is tried again; nothing is set aside."""
    world.receive("A", 1)
    world.place("ord_1", [("A", 1)])
    refusals = itertools.chain([Throttled("slowly"), Throttled("slowly")], itertools.repeat(None))
    store = world.stores["inventory"]
    load = store.load

    def throttled(ids: Any) -> dict[str, Head]:
        if refusal := next(refusals):
            raise refusal
        return load(ids)

    store.load = throttled  # type: ignore[method-assign]
    assert world.feed("orders")
    assert world.status("res#ord_1") == "reserved"
    assert not world.dead.letters


def test_out_of_time(world: World) -> None:
    """With no time left nothing is begun: the batch comes again from its first record."""
    world.place("ord_1", [("A", 1)])
    records = [record("orders", one) for one in world.streams["orders"]]
    assert world.react_raw(records, remaining_ms=29_999) == [sequence_of(records[0])]
    assert world.streams["inventory"] == []


def test_a_dead_letter_that_cannot_be_stored(world: World) -> None:
    """The batch comes again from the poison on; what came before it is done."""
    world.receive("A", 1)
    world.place("ord_1", [("A", 1)])
    world.dead.full = True
    broken = poison()
    assert world.react_raw([record("orders", world.streams["orders"][0]), broken]) == [sequence_of(broken)]
    assert world.status("res#ord_1") == "reserved"
