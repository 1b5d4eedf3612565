"""The saga of a transfer, story by story: holds are placed, answered, settled and released."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.core.commands.store import Throttled
from chalicelib.core.dynamodb.codec import encode_item, item_of
from chalicelib.core.service import Head
from tests.core.domain.accounts.domain import hold_id
from tests.core.histories import head, record, sequence_of
from tests.core.reactor.world import World

MOVED = [("A", -30), ("B", 30)]


@pytest.fixture
def world(world: World) -> World:
    """Return a world with 100 in account A and nothing in B."""
    world.open("A", 100)
    world.open("B")
    return world


def statuses(world: World, id: str) -> tuple[str, str]:
    """Return the status of a transfer and of its hold."""
    return world.status(id), world.status(hold_id(id))


def test_requested_held_accepted_settled(world: World) -> None:
    """Money is promised, the transfer is accepted, and settling moves the money. Legs of one account add up."""
    world.request("tra_1", [("A", -20), ("B", 30), ("A", -10)])
    world.come_to_rest()
    assert statuses(world, "tra_1") == ("accepted", "held")
    assert (world.money("A"), world.money("B")) == ((100, 30, 0), (0, 0, 30))
    world.settle("tra_1")
    world.come_to_rest()
    assert (world.money("A"), world.money("B"), statuses(world, "tra_1")[1]) == ((70, 0, 0), (30, 0, 0), "settled")


def test_short(world: World) -> None:
    """If one account is short, the transfer is refused with the shortage, and nothing is promised."""
    world.request("tra_1", [("A", -30), ("C", -3), ("B", 33)])
    world.come_to_rest()
    state = world.newest("transfers")["tra_1"].state
    assert (state["status"], state["shortfalls"]) == ("refused", [{"account": "C", "requested": 3, "available": 0}])
    assert (world.money("A"), world.money("B")) == ((100, 0, 0), (0, 0, 0))


def test_cancelled_when_held(world: World) -> None:
    """An accepted transfer that is cancelled releases everything."""
    world.request("tra_1", MOVED)
    world.come_to_rest()
    world.cancel("tra_1")
    world.come_to_rest()
    assert (statuses(world, "tra_1"), world.money("A")) == (("cancelled", "released"), (100, 0, 0))


def test_cancelled_before_anything_was_held(world: World) -> None:
    """The reactor sees a transfer requested and cancelled at once, and promises nothing."""
    world.request("tra_1", MOVED)
    world.cancel("tra_1")
    world.come_to_rest()
    assert (statuses(world, "tra_1"), world.money("A")) == (("cancelled", "released"), (100, 0, 0))
    assert len(world.streams["accounts"]) == 4  # A opened and filled, B opened, the hold released


def test_cancelled_between_hold_and_accept(world: World) -> None:
    """Accepting is refused, so the hold is released, even if the cancellation's own record is lost."""
    world.request("tra_1", MOVED)
    world.feed("transfers")
    world.cancel("tra_1")
    world.checkpoints["transfers"] = len(world.streams["transfers"])  # lost
    world.come_to_rest()
    assert (statuses(world, "tra_1"), world.money("A")) == (("cancelled", "released"), (100, 0, 0))


def test_release_overtakes_hold(world: World) -> None:
    """Request and cancellation arrive in the wrong order, in separate batches, and nothing stays held."""
    world.request("tra_1", MOVED)
    world.cancel("tra_1")
    requested, cancelled = world.streams["transfers"]
    for one in (cancelled, requested, cancelled):
        assert world.react("transfers", [one]) == []
    assert (world.status(hold_id("tra_1")), world.money("A")) == ("released", (100, 0, 0))


def test_short_crashed_and_money_at_redelivery(world: World) -> None:
    """A short hold, a crash of the reactor before its checkpoint, then new money: the transfer is still refused."""
    world.request("tra_1", [("A", -300), ("B", 300)])
    assert world.feed("transfers", crash_after=1)  # after the commit, before the checkpoint
    assert (world.checkpoints["transfers"], world.status(hold_id("tra_1"))) == (0, "short")
    world.deposit("A", 900)
    world.come_to_rest()
    assert (statuses(world, "tra_1"), world.money("A")) == (("refused", "short"), (1000, 0, 0))


@pytest.mark.parametrize("crash_after", range(4))
def test_crashes_between_steps(world: World, crash_after: int) -> None:
    """Wherever the reactor crashes, the batch that comes again has the same result."""
    for id in ("tra_1", "tra_2"):
        world.request(id, MOVED)
    assert world.feed("transfers", crash_after=crash_after)
    world.feed("accounts", crash_after=crash_after)
    world.come_to_rest()
    assert (world.status("tra_1"), world.status("tra_2"), world.money("A")) == ("accepted", "accepted", (100, 60, 0))


def test_redelivery_days_later(world: World) -> None:
    """Every record is delivered again, in every order of its batch, and changes nothing, in any status."""
    stories: dict[str, Callable[[str], None] | None] = {"tra_c": world.cancel, "tra_s": world.settle, "tra_o": None}
    for id in stories:
        world.request(id, MOVED)
    world.request("tra_r", [("Z", -1), ("A", 1)])
    world.come_to_rest()
    for id, step in stories.items():
        if step:
            step(id)
            world.come_to_rest()
    assert {head.state["status"] for head in world.newest("transfers").values()} == {
        "accepted", "cancelled", "settled", "refused"
    }  # fmt: skip
    world.redeliver_all()


def test_a_transfer_of_ninety_nine_accounts(world: World) -> None:
    """The largest transfer's accounts and its hold fit into one transaction of DynamoDB."""
    others = [f"S{number}" for number in range(98)]
    for number in others:
        world.open(number)
    world.request("tra_1", [("A", -98), *((number, 1) for number in others)])
    world.come_to_rest()
    assert world.status("tra_1") == "accepted"
    commits = {world.newest("accounts")[id].commit for id in ["A", *others, hold_id("tra_1")]}
    assert len(commits) == 1


def test_an_account_that_does_not_change_is_left_alone(world: World) -> None:
    """Legs that cancel each other out hold nothing, so the account may be closed meanwhile."""
    world.request("tra_1", [*MOVED, ("C", -5), ("C", 5)])
    world.come_to_rest()
    world.settle("tra_1")
    world.come_to_rest()
    assert (statuses(world, "tra_1"), "C" in world.newest("accounts")) == (("settled", "settled"), False)
    assert not world.dead.letters


def test_who_and_by_which_command(world: World) -> None:
    """The saga's commits name their command and the reactor."""
    world.request("tra_1", MOVED)
    world.come_to_rest()
    hold, transfer = world.newest("accounts")[hold_id("tra_1")], world.newest("transfers")["tra_1"]
    assert (hold.actor, hold.command) == ("reactor", "accounts.hold")
    assert (transfer.actor, transfer.command) == ("reactor", "transfers.accept")


def test_accounts_and_heartbeats_ask_for_nothing(world: World) -> None:
    """In the accounts' stream, only holds count. Items that are no commits are skipped."""
    before = list(world.streams["accounts"])
    beat = {"id": {"S": "heartbeat#"}, "version": {"N": "7"}, "at": {"S": "2026-11-23T10:00:00.000Z"}}
    claim = encode_item({"id": "claim#deposit#A#1", "owner": "A", "commit": "x"})
    records = [record("accounts", item) for item in (beat, claim, before[0])]
    assert world.react_raw(records) == []
    assert (world.streams["accounts"], world.streams["transfers"]) == (before, [])


def poison() -> dict[str, Any]:
    """Return a record whose state cannot be read."""
    broken = item_of(head("tra_p", 1, {"status": "requested"}))
    return record("transfers", broken)


def test_poison_is_set_aside(world: World) -> None:
    """A record that no policy can read becomes the reactor's dead letter, and the next records are handled."""
    world.request("tra_1", MOVED)
    undecodable = record("transfers", {"id": {"S": "tra_u"}, "version": {"N": "1"}})
    assert world.react_raw([poison(), undecodable, record("transfers", world.streams["transfers"][0])]) == []
    assert world.status(hold_id("tra_1")) == "held"
    letters = world.dead.letters
    assert set(letters) == {"transfers#tra_p#1#reactor", f"transfers#tra_u#{sequence_of(undecodable)}#reactor"}
    assert letters["transfers#tra_p#1#reactor"].error.startswith("KeyError: 'legs'")
    assert {letter.consumer for letter in letters.values()} == {"reactor"}


def test_poison_gives_way_to_the_version_before(world: World) -> None:
    """If the newest state cannot be read, the one before it counts, in one batch or in two."""
    world.request("tra_1", MOVED)
    world.request("tra_2", MOVED)
    for id, requested in world.newest("transfers").items():
        broken = record("transfers", head(id, 2, {"status": "cancelled"}))
        first = record("transfers", requested)
        batches = [[first, broken]] if id == "tra_1" else [[first], [broken]]
        assert [world.react_raw(batch) for batch in batches] == [[]] * len(batches)
        assert world.status(hold_id(id)) == "held"
    assert set(world.dead.letters) == {"transfers#tra_1#2#reactor", "transfers#tra_2#2#reactor"}


def test_an_unexpected_refusal_is_poison(world: World) -> None:
    """A settled transfer without a hold is poison, since a person has to look at it."""
    state = {"status": "settled", "legs": [{"account": "A", "amount": -1}, {"account": "B", "amount": 1}]}
    assert world.react_raw([record("transfers", head("tra_x", 3, state))]) == []
    assert "not-held" in world.dead.letters["transfers#tra_x#3#reactor"].error


def test_a_store_that_throttles(world: World) -> None:
    """The command is tried again, and nothing is set aside."""
    world.request("tra_1", MOVED)
    refusals = itertools.chain([Throttled("slowly"), Throttled("slowly")], itertools.repeat(None))
    store = world.stores["accounts"]
    load = store.load

    def throttled(ids: Any) -> dict[str, Head]:
        if refusal := next(refusals):
            raise refusal
        return load(ids)

    store.load = throttled  # type: ignore[method-assign]
    assert world.feed("transfers")
    assert world.status(hold_id("tra_1")) == "held"
    assert not world.dead.letters


def test_out_of_time(world: World) -> None:
    """With no time left, nothing is begun: the batch comes again from its first record."""
    world.request("tra_1", MOVED)
    records = [record("transfers", one) for one in world.streams["transfers"]]
    assert world.react_raw(records, remaining_ms=29_999) == [sequence_of(records[0])]
    assert hold_id("tra_1") not in world.newest("accounts")


def test_a_dead_letter_that_cannot_be_stored(world: World) -> None:
    """The batch comes again from the poison on. The records before it are done."""
    world.request("tra_1", MOVED)
    world.dead.full = True
    broken = poison()
    assert world.react_raw([record("transfers", world.streams["transfers"][0]), broken]) == [sequence_of(broken)]
    assert world.status(hold_id("tra_1")) == "held"
