"""Items that this release cannot read: those of a newer version, and those on which an upcaster fails."""

import time
from typing import Any

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.core.service import UpcasterFailed
from tests.core.domain.accounts.commands import Deposit
from tests.core.histories import head, item_of, sequence_of, transfer_state
from tests.core.upcasting.conftest import World, account
from tests.core.upcasting.releases import RELEASE_2, RELEASE_3, TO_2, accounts

pytestmark = pytest.mark.database

NAMES = "SELECT id, name FROM accounts ORDER BY id"


def failing(state: dict[str, Any]) -> dict[str, Any]:
    """An upcaster that cannot read what it is given."""
    return {**state, "name": state["no such field"], "opened_at": state["opened"]}


BROKEN = accounts({**TO_2, 2: failing})


def test_a_command_on_a_newer_version(world: World) -> None:
    """The command is refused as unavailable, with its own code, and changes nothing. The newer release accepts it."""
    newer = account("A", 3)
    world.put("accounts", newer)
    world.deploy(RELEASE_2)
    with pytest.raises(Unavailable, match="newer release") as caught:
        world.command("accounts", Deposit(5), "A")
    assert (caught.value.status, caught.value.code) == (503, "newer-schema")
    assert world.item("accounts", "A") == newer
    world.deploy(RELEASE_3)
    assert world.command("accounts", Deposit(5), "A")["balance"] == 12


@pytest.mark.parametrize("consumer", ["project", "react"])
def test_a_record_during_a_deployment(world: World, consumer: str) -> None:
    """The record comes again and nothing is set aside, since the release that can read it is being deployed."""
    world.deploy(RELEASE_2)
    records = world.records("accounts", account("A", 2), account("B", 3), at=time.time())
    assert getattr(world, consumer)(records) == [{"itemIdentifier": sequence_of(records[1])}]
    assert world.letters() == []
    world.deploy(RELEASE_3)
    assert getattr(world, consumer)(records) == []
    assert world.letters() == []


def test_a_record_after_a_roll_back(world: World) -> None:
    """The record is set aside. The redrive refuses it until the newer release is deployed again."""
    world.deploy(RELEASE_2)
    assert world.project(world.records("accounts", account("A", 3), account("B", 2))) == []
    assert world.sql(NAMES) == (("B", "Ada"),)
    (letter,) = world.letters()
    assert "account A has schema version 3, and this release knows none after 2" in letter.error
    assert ["schema version 3" in done.error for done in world.redrive()] == [True]
    assert len(world.letters()) == 1
    world.deploy(RELEASE_3)
    assert [done.error for done in world.redrive()] == [""]
    assert world.sql(NAMES) == (("A", "Ada"), ("B", "Ada"))
    assert world.letters() == []


def test_a_follow_up_on_a_newer_version(world: World) -> None:
    """A follow-up about an aggregate of a newer release waits in the same way."""
    world.put("accounts", account("A", 3), account("B", 3, name="Bob"))
    world.deploy(RELEASE_2)
    requested = item_of(head("tra_1", 1, {**transfer_state(), "legs": [["A", -4], ["B", 4]]}))
    young, old = world.records("transfers", requested, at=time.time()), world.records("transfers", requested)
    assert world.react(young) == [{"itemIdentifier": sequence_of(young[0])}]
    assert world.letters() == []
    assert world.react(old) == []
    (letter,) = world.letters()
    assert "schema version 3" in letter.error
    world.deploy(RELEASE_3)
    assert [done.error for done in world.redrive()] == [""]
    assert world.item("accounts", "hold#tra_1")


def test_verify_and_rebuild_of_a_newer_version(world: World) -> None:
    """Both name the item and swap nothing."""
    world.put("accounts", account("A", 3))
    world.deploy(RELEASE_2)
    (drift,) = world.verify()
    assert (drift.kind, drift.key) == ("unreadable", "A")
    assert "schema version 3" in drift.detail
    outcome = world.rebuild()
    assert ([refused.id for refused in outcome.refused], outcome.swapped) == (["A"], False)


def test_a_command_whose_upcaster_fails(world: World) -> None:
    """The error names the upcaster and shows no value. Nothing is written."""
    old = account("A", 1)
    world.put("accounts", old)
    world.deploy(BROKEN)
    with pytest.raises(UpcasterFailed, match=r"state of account A: the upcaster from version 2 to 3 failed: KeyError"):
        world.command("accounts", Deposit(5), "A")
    assert world.item("accounts", "A") == old


def test_a_record_whose_upcaster_fails(world: World) -> None:
    """The record is set aside, even if it is new. The others are projected, and a redrive after the fix succeeds."""
    world.deploy(BROKEN)
    assert world.project(world.records("accounts", account("A", 1), account("B", 3), at=time.time())) == []
    (letter,) = world.letters()
    assert "the upcaster from version 2 to 3 failed" in letter.error
    assert "usr_1" not in letter.error
    assert [bool(done.error) for done in world.redrive()] == [True]
    world.deploy(RELEASE_3)
    assert [done.error for done in world.redrive()] == [""]
    assert world.sql(NAMES) == (("A", "Ada"), ("B", "Ada"))
