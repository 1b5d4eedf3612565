"""Verify finds every difference and nothing else. Repair corrects what it found, and nothing else."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from local import aws
from ops.verify import VerifyOptions, verify
from ops.verify.command import conclusion
from tests.core.contract.lossy_proxy import LossyProxy
from tests.core.gates import Gate, gated, once
from tests.core.histories import head
from tests.core.ops.world import World, account, kinds, quiet, transfer
from tests.core.reading import base_tables, summaries, until_waiting_for_a_lock
from tests.support.stores import Tables
from tests.support.waiting import PATIENT_SECONDS

pytestmark = pytest.mark.slow

TRANSFERS = [transfer(f"tra_{number}") for number in range(12)]
ACCOUNTS = [account(number) for number in "ABC"]


def settled(world: World) -> dict[str, Any]:
    """Write a write model and its read model, with items that have no rows among them."""
    world.commit(*TRANSFERS, *ACCOUNTS)
    world.commit(("accounts", head("hold#tra_1", 1, {"status": "held"})), transfer("tra_11", 2, "cancelled"))
    world.write(account("D", 2, deleted=True))
    world.project(account("D"), account("D", 2, deleted=True))
    for name, item in (("transfers", "claim#reference#R1"), ("transfers", "heartbeat#")):
        world.tables.client.put_item(TableName=world.tables.name(name), Item={"id": {"S": item}, "version": {"N": "1"}})
    return dict(base_tables(world.url))


def right(world: World, before: dict[str, Any]) -> None:
    """Check that the read model is as before, and its summaries equal the sums."""
    assert base_tables(world.url) == before
    kept, sums = summaries(world.url)
    assert kept == sums
    assert world.verify()[1] == []


def test_nothing_is_wrong(world: World) -> None:
    """Claims, heartbeats, holds and tombstones are no drift. All are counted."""
    settled(world)
    report, found = world.verify()
    assert found == []
    assert (report.items, report.rows, report.left) == (16, 16, 0)


PLANTED = {
    "missing": ("DELETE FROM transfers WHERE id = 'tra_3'", "tra_3"),
    "stale": ("UPDATE transfers SET version = 1, status = 'accepted' WHERE id = 'tra_11'", "tra_11"),
    "changed": ("UPDATE transfers SET volume = volume + 1 WHERE id = 'tra_4'", "tra_4"),
    "undeleted": ("UPDATE accounts SET deleted_at = NULL WHERE id = 'D'", "D"),
    "foreign": (
        "INSERT INTO transfers SELECT 'tra_x', 1, reference, owner, status, reason, shortfalls, volume, leg_count,"
        " requested_at, updated_at, deleted_at FROM transfers WHERE id = 'tra_1'",
        "tra_x",
    ),
}
OTHERS = {
    "a changed leg": (
        "changed",
        "UPDATE transfer_legs SET amount = 1 WHERE transfer_id = 'tra_5' AND leg_no = 2",
        "tra_5",
    ),
    "a leg too few": ("changed", "DELETE FROM transfer_legs WHERE transfer_id = 'tra_5' AND leg_no = 2", "tra_5"),
    "a leg too many": (
        "changed",
        "INSERT INTO transfer_legs SELECT transfer_id, 9, account, amount, requested_at FROM transfer_legs"
        " WHERE transfer_id = 'tra_5' AND leg_no = 1",
        "tra_5",
    ),
    "legs of nothing": (
        "foreign",
        "INSERT INTO transfer_legs SELECT 'tra_x', 1, account, amount, requested_at FROM transfer_legs"
        " WHERE transfer_id = 'tra_5' AND leg_no = 1",
        "tra_x",
    ),
    "another owner's": ("changed", "UPDATE transfers SET owner = 'usr_2' WHERE id = 'tra_6'", "tra_6"),
    "a name in other letters": ("changed", "UPDATE accounts SET name = UPPER(name) WHERE id = 'A'", "A"),
}
ALL = [
    *(pytest.param(kind, statement, key, id=kind) for kind, (statement, key) in PLANTED.items()),
    *(pytest.param(kind, statement, key, id=name) for name, (kind, statement, key) in OTHERS.items()),
]


@pytest.mark.parametrize(("kind", "statement", "key"), ALL)
def test_a_row_that_is_wrong(world: World, kind: str, statement: str, key: str) -> None:
    """The row is found, also if a summary disagrees with it. The repair corrects both."""
    before = settled(world)
    world.sql(statement)
    _, found = world.verify()
    assert (kind, key) in kinds(found)
    assert {drift.kind.value for drift in found} <= {kind, "sum"}
    report, repaired = world.verify(repair=True)
    assert kinds(repaired) == {(kind, key)}  # its summaries are right before anybody looks at them
    assert (report.left, report.repaired) == (0, 1)
    right(world, before)


SUMS = {
    "too much": "UPDATE turnover_by_account SET outgoing = outgoing + 1 WHERE account = 'A'",
    "too large for a BIGINT": "UPDATE owner_activity SET volume = 99999999999999999999",
    "a row too few": "DELETE FROM turnover_by_account WHERE account = 'A'",
    "a row too many": "INSERT INTO turnover_by_account VALUES ('2020-01-01', 'Z', 1, 1, 1)",
    "the last transfer": "UPDATE owner_activity SET last_requested_at = '2020-01-01 00:00:00.001'",
    "no last transfer": "UPDATE owner_activity SET last_requested_at = NULL",
}


@pytest.mark.parametrize("statement", [pytest.param(statement, id=name) for name, statement in SUMS.items()])
def test_a_summary_that_is_wrong(world: World, statement: str) -> None:
    """The summary is found and corrected, and nothing else is changed."""
    before = settled(world)
    world.sql(statement)
    _, found = world.verify()
    assert {drift.kind.value for drift in found} == {"sum"}
    world.verify(repair=True)
    right(world, before)


def test_a_row_and_its_summaries_tampered_with_alike(world: World) -> None:
    """They agree with each other, but not with the write model: the row is found, and both are corrected."""
    before = settled(world)
    world.sql("UPDATE transfers SET volume = volume + 100 WHERE id = 'tra_4'")
    world.sql("UPDATE transfer_legs SET amount = amount - 100 WHERE transfer_id = 'tra_4' AND leg_no = 1")
    world.sql("UPDATE owner_activity SET volume = volume + 100 WHERE owner = 'usr_1'")
    world.sql("UPDATE turnover_by_account SET outgoing = outgoing + 100 WHERE account = 'A'")
    kept, sums = summaries(world.url)
    assert kept == sums
    _, found = world.verify()
    assert kinds(found) == {("changed", "tra_4")}
    report, repaired = world.verify(repair=True)
    assert kinds(repaired) == {("changed", "tra_4")}
    assert (report.left, report.repaired) == (0, 1)
    right(world, before)


def test_all_at_once(world: World) -> None:
    """All kinds of differences are there together."""
    before = settled(world)
    for statement, _ in PLANTED.values():
        world.sql(statement)
    for statement in SUMS.values():
        world.sql(statement)
    _, found = world.verify()
    assert {(kind, key) for kind, (_, key) in PLANTED.items()} <= kinds(found)
    world.verify(repair=True)
    right(world, before)


def test_repair_touches_nothing_else(world: World) -> None:
    """A correct row keeps even a column that the projection does not know."""
    settled(world)
    world.sql("CREATE TABLE touched (id VARCHAR(64) NOT NULL)")
    try:
        for event in ("INSERT", "UPDATE"):
            world.sql(
                f"CREATE TRIGGER transfers_{event} AFTER {event} ON transfers"
                " FOR EACH ROW INSERT INTO touched VALUES (NEW.id)"
            )
        world.sql("UPDATE transfers SET volume = 1 WHERE id = 'tra_4'")
        world.sql("DELETE FROM touched")
        world.verify(repair=True)
        assert set(world.sql("SELECT id FROM touched")) == {("tra_4",)}
    finally:
        for event in ("INSERT", "UPDATE"):
            world.sql(f"DROP TRIGGER IF EXISTS transfers_{event}")
        world.sql("DROP TABLE touched")


def test_a_row_ahead_of_its_item(world: World) -> None:
    """The version in the row was never written. It is reported and left, since only a person can know why."""
    settled(world)
    world.sql("UPDATE transfers SET version = 7 WHERE id = 'tra_4'")
    report, found = world.verify(repair=True)
    assert kinds(found) == {("ahead", "tra_4")}
    assert report.left == 1
    assert "ops rebuild" in found[0].outcome


def test_an_item_that_no_row_can_show(world: World) -> None:
    """An unreadable item, and one that the database refuses, are reported and left. The rest is repaired."""
    settled(world)
    world.write(transfer("tra_bad", reason="x" * 501), ("transfers", head("tra_worse", 1, {"status": "requested"})))
    world.sql("UPDATE transfers SET volume = 1 WHERE id = 'tra_4'")
    report, found = world.verify(repair=True)
    assert kinds(found) == {("missing", "tra_bad"), ("unreadable", "tra_worse"), ("changed", "tra_4")}
    assert report.left == 2
    assert all(drift.repaired or drift.outcome.startswith("left: ") for drift in found)


def test_what_it_advises_follows_from_what_it_did(world: World) -> None:
    """A repair is advised for what it can repair, and something else for the rest, before it and after it."""
    settled(world)
    world.write(("transfers", head("tra_worse", 1, {"status": "requested"})))
    world.sql("UPDATE transfers SET version = 7 WHERE id = 'tra_4'")
    rest = (
        "Ahead: `python -m ops rebuild` makes the read model follow a table that was restored. Unreadable: correct the"
        " projection or the item; `python -m ops dead-letters list` shows what was refused."
    )
    assert conclusion(world.verify()[0]) == f"1 ahead, 1 unreadable. {rest}"
    assert conclusion(world.verify(repair=True)[0]) == f"1 ahead, 1 unreadable; 0 repaired, 2 left. {rest}"
    world.sql("UPDATE transfers SET reason = 'x' WHERE id = 'tra_5'")
    mixed = "1 ahead, 1 changed, 1 unreadable"
    brings = "`python -m ops verify --repair` repairs the rest of that."
    assert conclusion(world.verify()[0]) == f"{mixed}. {brings} {rest}"
    assert conclusion(world.verify(repair=True)[0]) == f"{mixed}; 1 repaired, 2 left. {rest}"
    world.write(transfer("tra_bad", reason="x" * 501))
    assert conclusion(world.verify(repair=True)[0]) == (
        "1 ahead, 1 missing, 1 unreadable; 0 repaired, 3 left. The `outcome` of each difference says why it was left."
        f" {rest}"
    )


def test_what_catches_up_is_no_drift(world: World) -> None:
    """A commit that is under way at the first look, and there at the second, is no drift."""
    settled(world)
    world.write(transfer("tra_new"), transfer("tra_1", 2, "settled"))
    sleeping: list[bool] = []

    def phase(what: str, total: int | None) -> Any:
        del what, total
        return _Projecting(world, sleeping)

    _, found = world.verify(settle=0.5, phase=phase)
    assert found == []
    assert sleeping


class _Projecting:
    """Return a phase that lets the projector catch up after the first look."""

    def __init__(self, world: World, done: list[bool]) -> None:
        self._world = world
        self._done = done

    def __enter__(self) -> Any:
        return self._advance

    def __exit__(self, *_: object) -> None:
        pass

    def _advance(self, count: int) -> None:
        del count
        if not self._done:
            self._done.append(True)
            self._world.project(transfer("tra_new"), transfer("tra_1", 2, "settled"))


def test_memory_does_not_grow_with_the_tables(world: World) -> None:
    """Verify holds a few pages of 1 MB, not the table of 24 MB. The machine's load decides how many."""
    count, padding = 240, "x" * 100_000
    world.commit(*(account(f"P{number}", padding=padding) for number in range(count)))
    tracemalloc.start()
    assert world.verify()[1] == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < count * len(padding) / 2


def test_a_newer_version_comes_in_during_a_repair(world: World) -> None:
    """The projector waits for the row that a repair has locked, and its version stays."""
    settled(world)
    world.sql("UPDATE transfers SET volume = 1 WHERE id = 'tra_4'")
    newer = transfer("tra_4", 2, "cancelled")
    waiting: list[Any] = []

    with ThreadPoolExecutor(1) as threads:

        def write_meanwhile(_: Gate) -> None:
            # The repair has read the item, and has locked the row.
            world.write(newer)
            waiting.append(threads.submit(world.project, newer))
            until_waiting_for_a_lock(world.url)

        make = gated(world.url, once("INSERT INTO transfers", write_meanwhile))
        options = VerifyOptions(repair=True, settle_seconds=0, segments=1)
        verify(world.targets("transfers"), world.tables.client, make, options, phase=quiet)
        assert waiting[0].result(PATIENT_SECONDS) == []
    assert world.sql("SELECT version, status FROM transfers WHERE id = 'tra_4'") == ((2, "cancelled"),)
    kept, sums = summaries(world.url)
    assert kept == sums
    assert world.verify()[1] == []


def test_a_transfer_new_to_both_during_a_repair(world: World) -> None:
    """Repair and projector insert the same missing row. One is first, and the other repeats its work."""
    settled(world)
    new = transfer("tra_new")
    world.write(new)
    projected: list[Any] = []

    def project_first(_: Gate) -> None:
        projected.append(world.project(new))

    make = gated(world.url, once("INSERT INTO transfers", project_first))
    verify(
        world.targets("transfers"), world.tables.client, make, VerifyOptions(repair=True, settle_seconds=0), phase=quiet
    )
    assert projected == [[]]
    kept, sums = summaries(world.url)
    assert kept == sums
    assert world.verify()[1] == []


def test_an_empty_read_model(world: World) -> None:
    """Everything is missing, and everything is repaired."""
    before = settled(world)
    for table in ("transfers", "transfer_legs", "accounts", "account_words", "turnover_by_account", "owner_activity"):
        world.sql(f"DELETE FROM {table}")
    report, found = world.verify(repair=True)
    assert {drift.kind.value for drift in found} <= {"missing", "foreign", "sum"}
    assert report.left == 0
    right(world, before)


def test_a_table_that_throttles_is_waited_for(tables: Tables, database: str) -> None:
    """Keys that DynamoDB leaves unprocessed are requested again, and are no drift."""
    proxy = LossyProxy(tables.endpoint)
    world = World(replace(tables, client=aws.dynamodb(proxy.endpoint)), database)
    world.commit(transfer("tra_1"), transfer("tra_2"), transfer("tra_3"))
    proxy.decide = lambda operation, count: "leave one" if operation == "BatchGetItem" and count < 7 else "pass"
    _, found = world.verify()
    assert (found, proxy.counts["BatchGetItem"]) == ([], 8)
    world.close()
    proxy.close()


def test_legs_of_many_transfers_that_are_not_there(world: World) -> None:
    """There are more of them than one BatchGetItem accepts."""
    world.commit(transfer("tra_1"))
    copy = "INSERT INTO transfer_legs SELECT '{}', 1, account, amount, requested_at FROM transfer_legs WHERE leg_no = 2"
    for number in range(101):
        world.sql(copy.format(f"tra_x{number}"))
    _, found = world.verify()
    assert kinds(found) >= {("foreign", f"tra_x{number}") for number in range(101)}


def test_the_outcome_is_kept(world: World) -> None:
    """The outcome of each verified service is kept. The next run replaces it."""
    world.commit(transfer("tra_1"), transfer("tra_2"))
    world.sql("DELETE FROM transfers WHERE id = 'tra_2'")
    assert world.ops("verify", "--settle", "0").code == 1
    kept = "SELECT found > 0, left_over > 0, rebuilt FROM verifications WHERE service = 'transfers'"
    assert world.sql(kept) == ((1, 1, 0),)
    assert world.ops("verify", "--settle", "0", "--repair").code == 0
    assert world.sql(kept) == ((1, 0, 0),)
    assert world.ops("verify", "--settle", "0", "--service", "accounts").code == 0
    assert world.sql(kept) == ((1, 0, 0),)
    assert world.ops("verify", "--settle", "0").code == 0
    assert world.sql(kept) == ((0, 0, 0),)
