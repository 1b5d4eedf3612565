"""A read table gets another shape while everything runs: the example of docs/howto-change-a-read-model.md."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from chalicelib.core.mysql.connections import connect
from chalicelib.core.mysql.migrate import migrate
from chalicelib.core.mysql.migration_sets import MigrationSet
from chalicelib.core.projector.generations import NEXT
from chalicelib.core.service import Head, Rows, Service
from chalicelib.orders.projection import PROJECTION as OLD
from chalicelib.orders.projection import OrderRow
from chalicelib.orders.service import SERVICE
from ops.rebuild import tables
from ops.rebuild.run import RebuildJob, rebuild
from ops.verify import Target, VerifyOptions, VerifyReport, verify
from ops.verify.command import as_document, conclusion
from tests.core.gates import Gate, once
from tests.ops.conftest import World, order, quiet
from tests.shop.reading import summaries
from tests.support.stores import Tables, fresh_database

MIGRATION = "ALTER TABLE orders ADD COLUMN product_count INT NULL, ADD KEY orders_product_count (product_count, id);"


class CountedOrderRow(OrderRow, frozen=True):
    """An order's row of the new shape."""

    product_count: int


def rows(head: Head) -> Rows:
    """An order's rows, and how many different products it holds."""
    old = OLD.rows(head)
    return Rows(CountedOrderRow(*structs.astuple(old.root), len(head.state["products"])), old.children)


NEW = replace(OLD, generation=2, rows=rows, root=replace(OLD.root, row=CountedOrderRow))


def service(*projections: Any) -> Service:
    """The orders, by those projections: the newest first."""
    newest, *earlier = projections
    return replace(SERVICE, projection=newest, earlier=tuple(earlier))


@pytest.fixture
def world(tables: Tables, mysql_server: str) -> Iterator[World]:
    """Both sides, empty, in a database of this test's own."""
    with fresh_database(mysql_server) as url:
        world = World(tables, url)
        yield world
        world.close()


def one_more(folder: Path) -> list[MigrationSet]:
    """A set with the migration, as the next of the services'."""
    (folder / "0002_product_count.sql").write_text(MIGRATION)
    return [MigrationSet("services", folder)]


def test_a_column_more(world: World, tmp_path: Path) -> None:
    """Migrated, deployed, rebuilt: at every step commits are shown, and at the end every order has the column."""
    deployed_queries = "SELECT id, version, status, total FROM orders ORDER BY id"
    world.services = [service(OLD)]
    world.commit(order("ord_1"), order("ord_2"))

    assert migrate(world.url, one_more(tmp_path)) == ["services/0002_product_count"]
    world.commit(order("ord_1", 2, "shipped"))

    world.services = [service(NEW, OLD)]  # both sides of the change are known to what is deployed now
    world.commit(order("ord_3"), order("ord_2", 2, "shipped"))
    assert world.sql("SELECT DISTINCT product_count FROM orders") == ((None,),)
    before = world.sql(deployed_queries)

    def commit(_: Gate) -> None:
        other = World(world.tables, world.url)
        other.services = world.services
        other.commit(order("ord_4"), order("ord_1", 3, "delivered"))
        assert {row[0] for row in before} <= {row[0] for row in other.sql(deployed_queries)}
        other.close()

    make: Any = lambda: Gate(world.url, once("INSERT INTO orders__next", commit))  # noqa: E731
    plan = RebuildJob(world.services, world.tables.name, world.tables.client, make, quiet, segments=2, settle_seconds=0)
    assert rebuild(plan).swapped
    assert world.sql("SELECT id, version, product_count FROM orders ORDER BY id") == (
        ("ord_1", 3, 2),
        ("ord_2", 2, 2),
        ("ord_3", 1, 2),
        ("ord_4", 1, 2),
    )
    assert world.sql("SELECT live, building FROM generations") == ((2, None),)

    world.commit(order("ord_5"))
    assert world.sql("SELECT product_count FROM orders WHERE id = 'ord_5'") == ((2,),)
    world.services = [service(NEW)]  # the old projection is taken out
    world.commit(order("ord_6"))
    assert world.verify()[1] == []
    kept, sums = summaries(world.url)
    assert kept == sums


def picky(head: Head) -> Rows:
    """A projection with a fault: it cannot read some orders, and of others it makes what no column holds."""
    if head.state["reference"] == "unreadable":
        raise KeyError("weight")
    made = rows(head)
    if head.state["reference"] != "too large":
        return made
    return made._replace(root=structs.replace(made.root, product_count=10**12))


def test_a_new_projection_with_a_fault(world: World, tmp_path: Path) -> None:
    """Deployed, being built by, or no more in use: the tables in use are served, whatever it refuses."""
    unreadable, too_large = {"reference": "unreadable"}, {"reference": "too large"}
    migrate(world.url, one_more(tmp_path))
    world.services = [service(OLD)]
    world.commit(order("ord_1"), order("ord_2"))
    faulty = replace(NEW, rows=picky)
    world.services = [service(faulty, OLD)]
    world.commit(order("ord_1", 2, **unreadable), order("ord_2", 2, **too_large))
    assert world.sql("SELECT id, version FROM orders ORDER BY id") == (("ord_1", 2), ("ord_2", 2))
    assert world.tables.items("dead-letters") == []
    world.commit(order("ord_1", 3), order("ord_2", 3))

    def commit(_: Gate) -> None:
        other = World(world.tables, world.url)
        other.services = world.services
        other.commit(order("ord_3"), order("ord_4", **unreadable), order("ord_5", **too_large), order("ord_1", 4))
        other.close()

    make: Any = lambda: Gate(world.url, once("INSERT INTO orders__next", commit))  # noqa: E731
    plan = RebuildJob(world.services, world.tables.name, world.tables.client, make, quiet, segments=1, settle_seconds=0)
    outcome = rebuild(plan)
    assert not outcome.swapped
    shown = (("ord_1", 4), ("ord_2", 3), ("ord_3", 1), ("ord_4", 1), ("ord_5", 1))
    assert world.sql("SELECT id, version FROM orders ORDER BY id") == shown
    letters = {item["id"]["S"] for item in world.tables.items("dead-letters")}
    assert letters == {"orders#ord_4#1", "orders#ord_5#1"}  # to be redriven, for the new tables' sake

    world.services = [service(NEW, OLD)]  # mended
    mended = replace(plan, services=world.services, connect=lambda: connect(world.url))
    assert rebuild(mended, resume=True).swapped
    assert world.sql("SELECT id, version, product_count FROM orders WHERE id > 'ord_3'") == (
        ("ord_4", 1, 2),
        ("ord_5", 1, 2),
    )
    assert world.verify()[1] == []
    kept, sums = summaries(world.url)
    assert kept == sums
    world.services = [service(NEW, replace(OLD, rows=lambda _: 1 / 0))]  # the old projection reads no more
    world.commit(order("ord_6"))


def test_code_that_is_too_old(world: World) -> None:
    """It fails its batches, and sets nothing aside: they come again when the right code is there."""
    world.services = [service(OLD)]
    world.commit(order("ord_1"))
    world.sql("UPDATE generations SET live = 2")
    assert len(world.project(order("ord_2"))) == 1
    assert world.tables.items("dead-letters") == []
    connection = connect(world.url)
    connection.query("UPDATE generations SET live = 1")
    connection.close()
    assert world.project(order("ord_2")) == []


def test_a_repair_across_a_swap(world: World) -> None:
    """Rows and sums of the old generation are right no more when the tables are swapped: none is written."""
    *others, product_sales = OLD.summaries

    def loud(head: Head) -> Rows:
        made = OLD.rows(head)
        return made._replace(root=structs.replace(made.root, reason="new"))

    def later(*base: Any) -> Any:
        return (structs.replace(row, bucket=9) for row in product_sales.contributions(*base))

    sums = f"""SELECT day, currency, sku, 9 AS bucket, SUM(orders) AS orders, SUM(quantity) AS quantity,
      SUM(amount) AS amount FROM ({product_sales.sums}) s GROUP BY day, currency, sku"""
    new = replace(
        OLD, generation=2, rows=loud, summaries=(*others, replace(product_sales, contributions=later, sums=sums))
    )
    world.services = [service(new, OLD)]
    world.commit(order("ord_1"), order("ord_2"))
    world.sql("UPDATE orders SET total = 1 WHERE id = 'ord_1'")
    plan = RebuildJob(world.services, world.tables.name, world.tables.client, lambda: connect(world.url), quiet)

    @contextmanager
    def swapping(what: str, _total: int | None) -> Iterator[Any]:
        yield lambda _: what == "orders: items" and rebuild(replace(plan, settle_seconds=0))

    def look(phase: Any) -> VerifyReport:
        targets = [Target(SERVICE, world.tables.name("orders"), OLD)]
        options = VerifyOptions(repair=True, settle_seconds=0, segments=1)
        return verify(targets, world.tables.client, plan.connect, options, phase=phase)

    report = look(swapping)
    assert {drift.kind.value for drift in report.examples} == {"changed", "sum"}
    assert {drift.outcome for drift in report.examples} == {"left: the tables were rebuilt meanwhile; verify again"}
    assert world.sql("SELECT DISTINCT reason FROM orders") == (("new",),)
    assert world.sql("SELECT DISTINCT bucket FROM sales_by_product") == ((9,),)
    assert (as_document(report)["rebuilt"], report.repaired) == (["orders"], 0)
    assert "Run it again" in conclusion(report)
    assert world.verify()[1] == []


def test_a_repair_of_tables_that_are_built_no_more(world: World) -> None:
    """What another has abandoned is not written."""
    world.services = [service(NEW, OLD)]
    world.write(order("ord_1"))
    tables.begin(world.connection, [service(OLD)], 1, {})
    world.sql("UPDATE generations SET building = NULL")
    beside = [Target(SERVICE, world.tables.name("orders"), OLD.beside(NEXT))]
    options = VerifyOptions(repair=True, settle_seconds=0)
    report = verify(beside, world.tables.client, lambda: connect(world.url), options, phase=quiet)
    assert (report.left, report.rebuilt) == (1, ["orders"])
    assert world.sql("SELECT * FROM orders__next") == ()


def test_how_many_buckets(world: World) -> None:
    """A summary of other rows: the tables in use are kept by the old sums until the new ones take their place."""
    *others, product_sales = OLD.summaries

    def one_bucket(*base: Any) -> Any:
        return (structs.replace(row, bucket=0) for row in product_sales.contributions(*base))

    sums = f"""SELECT day, currency, sku, 0 AS bucket, SUM(orders) AS orders, SUM(quantity) AS quantity,
      SUM(amount) AS amount FROM ({product_sales.sums}) s GROUP BY day, currency, sku"""
    new = replace(OLD, generation=2, summaries=(*others, replace(product_sales, contributions=one_bucket, sums=sums)))
    world.services = [service(OLD)]
    world.commit(*(order(f"ord_{number}") for number in range(20)))
    world.services = [service(new, OLD)]
    world.commit(order("ord_20"), order("ord_3", 2, "cancelled"))
    assert len(world.sql("SELECT DISTINCT bucket FROM sales_by_product")) == 4
    plan = RebuildJob(world.services, world.tables.name, world.tables.client, lambda: connect(world.url), quiet)
    assert rebuild(replace(plan, settle_seconds=0)).swapped
    world.commit(order("ord_21"), order("ord_4", 2, "cancelled"))
    assert world.sql("SELECT DISTINCT bucket FROM sales_by_product") == ((0,),)
    kept, real = summaries(world.url)
    assert kept == real
    assert world.verify()[1] == []
