"""A read table changes its shape while everything runs, as docs/howto-change-a-read-model.md describes it."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from msgspec.structs import replace

from chalicelib.core.mysql.connections import connect
from chalicelib.core.mysql.migrate import migrate
from chalicelib.core.mysql.migration_sets import MigrationSet
from chalicelib.core.projector.generations import NEXT
from chalicelib.core.service import Head, Rows, Service
from ops.rebuild import tables
from ops.rebuild.run import RebuildJob, rebuild
from ops.verify import Target, VerifyOptions, VerifyReport, verify
from ops.verify.command import as_document, conclusion
from tests.core.domain.transfers.projection import PROJECTION as OLD
from tests.core.domain.transfers.projection import TransferRow
from tests.core.domain.transfers.service import SERVICE
from tests.core.gates import Gate, gated, once
from tests.core.ops.world import World, quiet, transfer
from tests.core.reading import summaries
from tests.support.domain import NEUTRAL
from tests.support.stores import Tables, fresh_database

MIGRATION = "ALTER TABLE transfers ADD COLUMN account_count INT NULL, ADD KEY transfers_accounts (account_count, id);"


class CountedTransferRow(TransferRow, frozen=True):
    """A transfer's row in the new shape."""

    account_count: int


def rows(head: Head) -> Rows:
    """Return a transfer's rows, and the number of its different accounts."""
    old = OLD.rows(head)
    accounts = {leg["account"] for leg in head.state["legs"]}
    return Rows(CountedTransferRow(*structs.astuple(old.root), len(accounts)), old.children)


NEW = replace(OLD, generation=2, rows=rows, root=replace(OLD.root, row=CountedTransferRow))


def service(*projections: Any) -> Service:
    """Return the transfers with these projections, the newest first."""
    newest, *earlier = projections
    return replace(SERVICE, projection=newest, earlier=tuple(earlier))


@pytest.fixture
def world(tables: Tables, mysql_server: str) -> Iterator[World]:
    """Yield both sides, empty, in a database of this test's own."""
    with fresh_database(mysql_server, NEUTRAL) as url:
        world = World(tables, url)
        yield world
        world.close()


def one_more(folder: Path) -> list[MigrationSet]:
    """Return a set with the migration, as the next one of the services'."""
    (folder / "0002_account_count.sql").write_text(MIGRATION)
    return [MigrationSet("tests", folder)]


def test_a_column_more(world: World, tmp_path: Path) -> None:
    """The table is migrated, deployed and rebuilt. Commits are shown at every step, in the end with the column."""
    deployed_queries = "SELECT id, version, status, volume FROM transfers ORDER BY id"
    world.services = [service(OLD)]
    world.commit(transfer("tra_1"), transfer("tra_2"))

    assert migrate(world.url, one_more(tmp_path)) == ["tests/0002_account_count"]
    world.commit(transfer("tra_1", 2, "settled"))

    world.services = [service(NEW, OLD)]  # the deployed code knows both shapes now
    world.commit(transfer("tra_3"), transfer("tra_2", 2, "settled"))
    assert world.sql("SELECT DISTINCT account_count FROM transfers") == ((None,),)
    before = world.sql(deployed_queries)

    def commit(_: Gate) -> None:
        other = World(world.tables, world.url)
        other.services = world.services
        other.commit(transfer("tra_4"), transfer("tra_1", 3, "settled"))
        assert {row[0] for row in before} <= {row[0] for row in other.sql(deployed_queries)}
        other.close()

    make = gated(world.url, once("INSERT INTO transfers__next", commit))
    plan = RebuildJob(world.services, world.tables.name, world.tables.client, make, quiet, segments=2, settle_seconds=0)
    assert rebuild(plan).swapped
    assert world.sql("SELECT id, version, account_count FROM transfers ORDER BY id") == (
        ("tra_1", 3, 2),
        ("tra_2", 2, 2),
        ("tra_3", 1, 2),
        ("tra_4", 1, 2),
    )
    assert world.sql("SELECT live, building FROM generations") == ((2, None),)

    world.commit(transfer("tra_5"))
    assert world.sql("SELECT account_count FROM transfers WHERE id = 'tra_5'") == ((2,),)
    world.services = [service(NEW)]  # the old projection is removed
    world.commit(transfer("tra_6"))
    assert world.verify()[1] == []
    kept, sums = summaries(world.url)
    assert kept == sums


def picky(head: Head) -> Rows:
    """A faulty projection, which cannot read some transfers, and for others makes values that fit into no column."""
    if head.state["reference"] == "unreadable":
        raise KeyError("weight")
    made = rows(head)
    if head.state["reference"] != "too large":
        return made
    return made._replace(root=structs.replace(made.root, account_count=10**12))


def test_a_new_projection_with_a_fault(world: World, tmp_path: Path) -> None:
    """Whether deployed, used by a rebuild or no longer used, it does not stop the tables in use."""
    unreadable, too_large = {"reference": "unreadable"}, {"reference": "too large"}
    migrate(world.url, one_more(tmp_path))
    world.services = [service(OLD)]
    world.commit(transfer("tra_1"), transfer("tra_2"))
    faulty = replace(NEW, rows=picky)
    world.services = [service(faulty, OLD)]
    world.commit(transfer("tra_1", 2, **unreadable), transfer("tra_2", 2, **too_large))
    assert world.sql("SELECT id, version FROM transfers ORDER BY id") == (("tra_1", 2), ("tra_2", 2))
    assert world.tables.items("dead-letters") == []
    world.commit(transfer("tra_1", 3), transfer("tra_2", 3))

    def commit(_: Gate) -> None:
        other = World(world.tables, world.url)
        other.services = world.services
        other.commit(
            transfer("tra_3"), transfer("tra_4", **unreadable), transfer("tra_5", **too_large), transfer("tra_1", 4)
        )
        other.close()

    make = gated(world.url, once("INSERT INTO transfers__next", commit))
    plan = RebuildJob(world.services, world.tables.name, world.tables.client, make, quiet, segments=1, settle_seconds=0)
    outcome = rebuild(plan)
    assert not outcome.swapped
    shown = (("tra_1", 4), ("tra_2", 3), ("tra_3", 1), ("tra_4", 1), ("tra_5", 1))
    assert world.sql("SELECT id, version FROM transfers ORDER BY id") == shown
    letters = {item["id"]["S"] for item in world.tables.items("dead-letters")}
    assert letters == {"transfers#tra_4#1", "transfers#tra_5#1"}  # to be redriven for the new tables

    world.services = [service(NEW, OLD)]  # fixed
    mended = dataclasses.replace(plan, services=world.services, connect=lambda: connect(world.url))
    assert rebuild(mended, resume=True).swapped
    assert world.sql("SELECT id, version, account_count FROM transfers WHERE id > 'tra_3'") == (
        ("tra_4", 1, 2),
        ("tra_5", 1, 2),
    )
    assert world.verify()[1] == []
    kept, sums = summaries(world.url)
    assert kept == sums
    world.services = [service(NEW, replace(OLD, rows=lambda _: 1 / 0))]  # the old projection reads no more
    world.commit(transfer("tra_6"))


def test_code_that_is_too_old(world: World) -> None:
    """The code fails its batches, and sets nothing aside. They come again when the right code is there."""
    world.services = [service(OLD)]
    world.commit(transfer("tra_1"))
    world.sql("UPDATE generations SET live = 2")
    assert len(world.project(transfer("tra_2"))) == 1
    assert world.tables.items("dead-letters") == []
    connection = connect(world.url)
    connection.query("UPDATE generations SET live = 1")
    connection.close()
    assert world.project(transfer("tra_2")) == []


def test_a_repair_across_a_swap(world: World) -> None:
    """Rows and sums of the old generation are no longer right after the swap, so none is written."""
    *others, turnover = OLD.summaries

    def loud(head: Head) -> Rows:
        made = OLD.rows(head)
        return made._replace(root=structs.replace(made.root, reason="new"))

    def later(*base: Any) -> Any:
        return (structs.replace(row, account=f"X-{row.account}") for row in turnover.contributions(*base))

    sums = f"SELECT day, CONCAT('X-', account) AS account, transfers, incoming, outgoing FROM ({turnover.sums}) s"
    new = replace(OLD, generation=2, rows=loud, summaries=(*others, replace(turnover, contributions=later, sums=sums)))
    world.services = [service(new, OLD)]
    world.commit(transfer("tra_1"), transfer("tra_2"))
    world.sql("UPDATE transfers SET volume = 1 WHERE id = 'tra_1'")
    plan = RebuildJob(world.services, world.tables.name, world.tables.client, lambda: connect(world.url), quiet)

    @contextmanager
    def swapping(what: str, _total: int | None) -> Iterator[Any]:
        yield lambda _: what == "transfers: items" and rebuild(dataclasses.replace(plan, settle_seconds=0))

    def look(phase: Any) -> VerifyReport:
        targets = [Target(SERVICE, world.tables.name("transfers"), OLD)]
        options = VerifyOptions(repair=True, settle_seconds=0, segments=1)
        return verify(targets, world.tables.client, plan.connect, options, phase=phase)

    report = look(swapping)
    assert {drift.kind.value for drift in report.examples} == {"changed", "sum"}
    assert {drift.outcome for drift in report.examples} == {"left: the tables were rebuilt meanwhile, so verify again"}
    assert world.sql("SELECT DISTINCT reason FROM transfers") == (("new",),)
    assert world.sql("SELECT account FROM turnover_by_account ORDER BY account") == (("X-A",), ("X-B",))
    assert (as_document(report)["rebuilt"], report.repaired) == (["transfers"], 0)
    assert "Run it again" in conclusion(report)
    assert world.verify()[1] == []


def test_a_repair_of_tables_that_are_built_no_more(world: World) -> None:
    """Tables of an abandoned rebuild are not written."""
    world.services = [service(NEW, OLD)]
    world.write(transfer("tra_1"))
    tables.begin(world.connection, [service(OLD)], 1, {})
    world.sql("UPDATE generations SET building = NULL")
    beside = [Target(SERVICE, world.tables.name("transfers"), OLD.beside(NEXT))]
    options = VerifyOptions(repair=True, settle_seconds=0)
    report = verify(beside, world.tables.client, lambda: connect(world.url), options, phase=quiet)
    assert (report.left, report.rebuilt) == (1, ["transfers"])
    assert world.sql("SELECT * FROM transfers__next") == ()
