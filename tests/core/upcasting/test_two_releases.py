"""A release beside a newer one, as in every deployment: it keeps what the newer one added and it does not know."""

from typing import Any

import msgspec
import pytest

from chalicelib.core.commands.unknown_members import with_unknown_members
from chalicelib.core.decider import State
from chalicelib.core.dynamodb.codec import decode_item, encode_item, item_of
from chalicelib.core.service import ERASED
from ops.erase.commits import erase_aggregate
from tests.core.domain.accounts.commands import ChangeDetails, Close, Deposit, Open
from tests.core.domain.transfers.commands import Accept
from tests.core.histories import head, transfer_state
from tests.core.upcasting.conftest import World, account

AT = "2026-11-23T10:00:00.000Z"


def state(world: World, service: str, id: str) -> Any:
    """Return the state of an item as it is stored."""
    item = world.item(service, id)
    assert item
    return decode_item(item)["state"]


@pytest.mark.database
def test_a_field_of_a_newer_release(world: World) -> None:
    """A field that a newer release added, with a default and so without a new version, outlives other commands."""
    world.put("accounts", account("A", 3, colour="red"))
    world.command("accounts", Deposit(5), "A")
    world.command("accounts", ChangeDetails(name="Bob"), "A")
    assert state(world, "accounts", "A") == {**account_state(), "name": "Bob", "balance": 12, "colour": "red"}


@pytest.mark.database
def test_a_field_within_a_list(world: World) -> None:
    """The same goes for a struct within the state."""
    legs = [{"account": "A", "amount": -4, "memo": "rent"}, {"account": "B", "amount": 4}]
    made = item_of(head("tra_1", 1, {**transfer_state("requested"), "legs": legs}))
    world.put("transfers", {**made, **encode_item({"schema_version": 2})})
    world.command("transfers", Accept(), "tra_1")
    found = state(world, "transfers", "tra_1")
    assert (found["status"], found["legs"]) == ("accepted", legs)


@pytest.mark.database
def test_another_life(world: World) -> None:
    """What is created again after its end has nothing of its earlier life."""
    world.put("accounts", account("A", 3, balance=0, colour="red"))
    world.command("accounts", Close(), "A")
    world.command("accounts", Open(at=AT, owner="usr_2", name="Bob"), "A")
    assert "colour" not in state(world, "accounts", "A")


@pytest.mark.database
def test_what_is_erased(world: World) -> None:
    """An erasure removes it, since nobody knows whether it is personal."""
    world.put("accounts", account("A", 3, colour="red"))
    erase_aggregate(world.services["accounts"], world.runtime.store("accounts"), "A", "somebody")
    assert state(world, "accounts", "A") == {**account_state(), "name": ERASED}


def account_state() -> dict[str, Any]:
    """Return the state of an account of the newest release."""
    return dict(decode_item(account("A", 3))["state"])


A, B, C = ({"sku": sku, "pieces": 1} for sku in "ABC")


@pytest.mark.parametrize(
    ("stored", "known", "after", "expected"),
    [
        ({"a": 1}, {"a": 1}, {"b": 2}, {"b": 2}),  # a field that is left out because it has its default again
        ({"a": 1, "x": 9}, {"a": 1}, {"a": 1}, {"a": 1, "x": 9}),
        ({"a": 1, "x": 9}, {"a": 1}, {}, {"x": 9}),
        ({"a": 0, "x": 9}, {}, {"a": 2}, {"a": 2, "x": 9}),  # its default was stored
        ({"m": {"a": 1, "x": 9}}, {"m": {"a": 1}}, {"m": {"a": 2}}, {"m": {"a": 2, "x": 9}}),
        ({"m": {"k": 1, "l": 2}, "x": 9}, {"m": {"k": 1, "l": 2}}, {"m": {"l": 2}}, {"m": {"l": 2}, "x": 9}),
        ({"m": {"a": 1, "x": 9}}, {"m": {"a": 1}}, {"m": None}, {"m": None}),
        ({"l": [{**A, "x": 9}, B]}, {"l": [A, B]}, {"l": [A, B, C]}, {"l": [{**A, "x": 9}, B, C]}),
        ({"l": [{**A, "x": 9}, B]}, {"l": [A, B]}, {"l": [B, A]}, {"l": [B, {**A, "x": 9}]}),
        ({"l": [{**A, "x": 9}, {**B, "x": 8}]}, {"l": [A, B]}, {"l": [B]}, {"l": [{**B, "x": 8}]}),
        (
            {"l": [{**A, "x": 9}, B]},
            {"l": [A, B]},
            {"l": [{**A, "pieces": 2}, B]},
            {"l": [{**A, "pieces": 2, "x": 9}, B]},
        ),
        ({"l": [{**A, "x": 9}]}, {"l": [A]}, {"l": [C, B]}, {"l": [C, B]}),
        ({"l": [{**A, "x": 9}, A]}, {"l": [A, A]}, {"l": [A, A, B]}, {"l": [{**A, "x": 9}, A, B]}),
        ({"s": ["b", "a"], "x": 9}, {"s": ["a", "b"]}, {"s": ["b"]}, {"s": ["b"], "x": 9}),  # a set has no sequence
        ({"s": [{**A, "x": 9}, B]}, {"s": [B, A]}, {"s": [B]}, {"s": [B]}),
        ({"l": [{**A, "x": 9}, {**B, "x": 8}]}, {"l": [A, B]}, {"l": [A, C]}, {"l": [{**A, "x": 9}, C]}),  # not C's
        ({"l": [{**A, "x": 9}]}, {"l": [A]}, {"l": [B]}, {"l": [B]}),
        ({"l": ["a"], "x": 9}, {"l": ["a"]}, {"l": "bc"}, {"l": "bc", "x": 9}),  # a list or a text
    ],
)
def test_what_stays(stored: Any, known: Any, after: Any, expected: Any) -> None:
    """What a command did not change stays as it was stored. Nothing that it removed comes back."""
    assert with_unknown_members(stored, known, after, State) == expected


class Cash(msgspec.Struct, frozen=True, tag=True):
    """A way to pay."""

    amount: int


class Cheque(msgspec.Struct, frozen=True, tag=True):
    """Another way to pay."""

    amount: int


class Payment(State, frozen=True):
    """Paid in one of two ways."""

    paid: Cash | Cheque | None = None
    earlier: tuple[Cash | Cheque, ...] = ()


def test_a_struct_of_another_class() -> None:
    """What a newer release knows of a struct says nothing of a struct of another class in its place."""
    cash = {"type": "Cash", "amount": 1}
    for changed, left in (({"type": "Cash", "amount": 2}, {"x": 9}), ({"type": "Cheque", "amount": 1}, {})):
        for name, stored, known, after, expected in (
            ("paid", {**cash, "x": 9}, cash, changed, {**changed, **left}),
            ("earlier", [{**cash, "x": 9}], (cash,), (changed,), [{**changed, **left}]),
        ):
            assert with_unknown_members({name: stored}, {name: known}, {name: after}, Payment) == {name: expected}
