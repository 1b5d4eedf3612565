"""Outside calls are made at least once with one key, recorded, and not made again."""

from collections.abc import Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.core.service import Asks, FollowUp, Head, NotNow, OutsideCall, Policy
from tests.core.bootstrap import SERVICES
from tests.core.domain.accounts.commands import ChangeDetails
from tests.core.histories import sequence_of
from tests.core.reacting import Crash
from tests.core.reactor.world import World


class Letters:
    """An outside service: the keys of its calls, and the error that it raises next."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.errors: list[Exception] = []

    def send(self, key: str) -> FollowUp:
        """Send a letter, and return the event that records it in the account's note."""
        self.keys.append(key)
        if self.errors:
            raise self.errors.pop(0)
        return FollowUp("accounts", "accounts.change", ChangeDetails(note="welcomed"), (key,))

    def welcome(self, head: Head) -> Iterable[OutsideCall]:
        """Return the outside call for an account without a letter."""
        if head.state.get("note") != "welcomed":
            yield OutsideCall("letters.send", lambda: self.send(head.id))


@pytest.fixture
def letters() -> Letters:
    """Return the outside service."""
    return Letters()


@pytest.fixture
def world(letters: Letters) -> World:
    """Return a world with one account that nobody has reacted to."""
    world = World()
    accounts = SERVICES["accounts"]
    world.serve({**SERVICES, "accounts": replace(accounts, policies=(Policy("accounts", letters.welcome),))})
    world.open("A")
    return world


def test_once(world: World, letters: Letters) -> None:
    """The call is made, its outcome is recorded, and no redelivery makes it again."""
    world.come_to_rest()
    assert letters.keys == ["A"]
    assert world.newest("accounts")["A"].state["note"] == "welcomed"
    for _ in range(2):
        assert world.react_raw(world.records("accounts")) == []
        assert world.react_raw(world.records("accounts")[:1]) == []
    assert letters.keys == ["A"]
    assert world.dead.letters == {}


def test_it_cannot_answer_now(world: World, letters: Letters) -> None:
    """The call is repeated while there is time. Then the record is delivered again, and nothing is set aside."""
    letters.errors += [NotNow("busy"), NotNow("busy")]
    world.come_to_rest()
    assert letters.keys == ["A"] * 3
    world.open("B")
    letters.errors += [NotNow("busy")]
    record = world.records("accounts")[-1]
    assert world.react_raw([record], remaining_ms=30_000) == [sequence_of(record)]
    assert world.dead.letters == {}
    assert world.react_raw([record]) == []
    assert world.newest("accounts")["B"].state["note"] == "welcomed"


def test_another_error(world: World, letters: Letters) -> None:
    """The record is poison: it is set aside with the error, and a redrive makes the call again."""
    letters.errors += [ValueError("a bug")]
    assert world.react_raw(world.records("accounts")) == []
    (letter,) = world.dead.letters.values()
    assert letter.error.startswith("ValueError")
    assert world.react_raw(world.records("accounts")) == []
    assert letters.keys == ["A", "A"]
    assert world.newest("accounts")["A"].state["note"] == "welcomed"


def test_a_crash_before_it_is_recorded(world: World, letters: Letters) -> None:
    """The call is made again with the same key, by which the outside service knows it."""
    world.stores["accounts"].steps = 0
    with pytest.raises(Crash):
        world.react_raw(world.records("accounts"))
    world.come_to_rest()
    assert letters.keys == ["A", "A"]
    assert world.newest("accounts")["A"].state["note"] == "welcomed"


def test_the_aggregate_has_moved_on(world: World, letters: Letters) -> None:
    """An earlier record makes no call. The newest version's record does."""
    world.deposit("A", 5)
    first, second = world.records("accounts")
    assert world.react_raw([first]) == []
    assert letters.keys == []
    assert world.react_raw([second]) == []
    assert letters.keys == ["A"]


@pytest.mark.parametrize(
    ("asks", "why"), [((Asks("transfers"),), 'add Asks("accounts")'), ((), "asks for accounts.change")]
)
def test_undeclared(letters: Letters, asks: tuple[Asks, ...], why: str) -> None:
    """The reactor would have no right to load the aggregate, or to record the outcome."""
    world = World()
    source, policy = ("accounts", Policy("accounts", letters.welcome, asks=asks))
    if not asks:
        source, policy = "transfers", Policy("transfers", letters.welcome)
    service: Any = replace(SERVICES["transfers"], policies=(policy,))
    world.serve({**SERVICES, "transfers": service})
    world.open("A", 5)
    world.open("B")
    world.request("tra_1", [("A", -1), ("B", 1)])
    assert world.react_raw(world.records(source)[-1:]) == []
    (letter,) = world.dead.letters.values()
    assert why in letter.error
