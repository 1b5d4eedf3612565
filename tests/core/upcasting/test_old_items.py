"""Every reader gets earlier releases' data in the present shape. The items are written raw into DynamoDB."""

import msgspec
import pytest

from chalicelib.core.dynamodb.codec import decode_item, encode_item, item_of
from tests.core.domain.accounts.commands import Deposit
from tests.core.histories import START, head, iso
from tests.core.upcasting.conftest import World, account
from tests.core.upcasting.releases import OLD_EVENT, PRESENT_EVENT, RELEASE_3, STATES

pytestmark = pytest.mark.database

ROWS = "SELECT id, owner, name, balance, opened_at FROM accounts ORDER BY id"


@pytest.mark.parametrize("release", [1, 2, 3])
def test_a_command(world: World, release: int) -> None:
    """The command decides on the present shape of any release's item, and writes the present version."""
    world.put("accounts", account("A", release))
    assert world.command("accounts", Deposit(5), "A") == {**STATES[3], "balance": 12}
    item = decode_item(world.item("accounts", "A") or {})
    assert (item["version"], item["schema_version"], item["state"]["name"]) == (2, 3, "Ada")


def test_the_first_version_is_not_written(world: World) -> None:
    """An aggregate without upcasters stores no version, so that an earlier release can read it."""
    requested = item_of(head("hold#tra_1", 1, {"status": "short"}))
    assert "schema_version" not in requested
    world.put("accounts", requested)
    assert "schema_version" not in (world.item("accounts", "hold#tra_1") or {})


def test_the_projector(world: World) -> None:
    """One batch has items of three releases, and their rows are alike."""
    assert world.project(world.records("accounts", account("A", 1), account("B", 2), account("C", 3))) == []
    rows = world.sql(ROWS)
    assert [row[0] for row in rows] == ["A", "B", "C"]
    assert {row[1:4] for row in rows} == {("usr_1", "Ada", 7)}
    assert world.letters() == []


def test_the_reactor(world: World) -> None:
    """A policy sees an old transfer in its present shape, and its command decides on old accounts."""
    world.put("accounts", account("A", 1), account("B", 2, title="Bob"))
    state = {
        "owner": "usr_1",
        "status": "requested",
        "volume": 4,
        "requested_at": iso(START),
        "legs": [["A", -4], ["B", 4]],
    }
    assert world.react(world.records("transfers", item_of(head("tra_1", 1, state)))) == []
    hold = decode_item(world.item("accounts", "hold#tra_1") or {})
    assert hold["state"] == {"status": "held", "legs": {"A": -4, "B": 4}}
    held = decode_item(world.item("accounts", "A") or {})
    assert (held["state"]["held"], held["schema_version"]) == (4, 3)
    assert world.letters() == []


def test_verify_and_repair(world: World) -> None:
    """An old item and its row agree. A lost row is made from the old item."""
    items = [account("A", 1), account("B", 2)]
    world.put("accounts", *items)
    world.project(world.records("accounts", *items))
    assert world.verify() == []
    before = world.sql(ROWS)
    world.sql("DELETE FROM accounts WHERE id = 'A'")
    world.sql("DELETE FROM timeline WHERE id = 'A'")
    assert [(drift.kind, drift.repaired) for drift in world.verify(repair=True)] == [("missing", True)]
    assert world.sql(ROWS) == before
    assert msgspec.json.decode(world.sql("SELECT events FROM timeline WHERE id = 'A'")[0][0]) == [OLD_EVENT]


def test_rebuild(world: World) -> None:
    """The new tables are made from old items."""
    world.put("accounts", account("A", 1), account("B", 2), account("C", 3))
    outcome = world.rebuild()
    assert (outcome.swapped, list(outcome.refused)) == (True, [])
    assert {row[1:4] for row in world.sql(ROWS)} == {("usr_1", "Ada", 7)}


def test_redrive(world: World) -> None:
    """A dead letter keeps the image as it was stored. The redrive applies the upcasters of its own time."""
    world.deploy(world.services["accounts"])
    world.sql("ALTER TABLE accounts MODIFY name VARCHAR(2) NOT NULL")
    world.project(world.records("accounts", account("A", 1)))
    (letter,) = world.letters()
    assert letter.version == 1
    world.sql("ALTER TABLE accounts MODIFY name VARCHAR(200) NOT NULL")
    assert [done.error for done in world.redrive()] == [""]
    assert world.sql(ROWS)[0][:4] == ("A", "usr_1", "Ada", 7)
    assert world.letters() == []


def test_the_timeline(world: World) -> None:
    """It keeps events as they were stored, and shows them in the present shape."""
    world.project(world.records("accounts", account("A", 1)))
    ((kept,),) = world.sql("SELECT events FROM timeline")
    events = msgspec.json.decode(kept)
    assert events == [OLD_EVENT]
    assert RELEASE_3.recorded_events("A", events) == [PRESENT_EVENT]
    newer = {**OLD_EVENT, "schema_version": 9}
    assert RELEASE_3.recorded_events("A", [newer, {"type": "AccountOpened", "data": {}}]) == [
        newer,
        {"type": "AccountOpened", "data": {}},
    ]


def test_new_events(world: World) -> None:
    """An event is stored with its own version. Events of other types keep theirs."""
    world.put("accounts", account("A", 3))
    world.command("accounts", Deposit(5), "A")
    item = decode_item(world.item("accounts", "A") or {})
    assert item["events"] == [{"type": "MoneyDeposited", "data": {"amount": 5}}]
    assert encode_item({"schema_version": 3}).items() <= (world.item("accounts", "A") or {}).items()
