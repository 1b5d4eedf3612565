"""Verify finds whatever is wrong, and nothing else; repair brings right what it found, and only that."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from local import aws
from ops.verify import VerifyOptions, verify
from ops.verify.command import conclusion
from tests.core.contract.lossy_proxy import LossyProxy
from tests.core.gates import Gate, once
from tests.ops.conftest import Commit, World, kinds, order, product, quiet
from tests.shop.histories import head
from tests.shop.reading import base_tables, summaries, until_waiting_for_a_lock
from tests.support.stores import Tables

ORDERS = [order(f"ord_{number}") for number in range(12)]
PRODUCTS = [product(sku) for sku in "ABC"]
CUSTOMER: Commit = (
    "customers",
    head("cus_1", 1, {"name": "Ada", "email": "ada@example.com", "created_at": "2026-11-23T10:00:00.000Z"}),
)


def settled(world: World) -> dict[str, Any]:
    """A write model and its read model, with items that show no rows among them."""
    world.commit(*ORDERS, *PRODUCTS, CUSTOMER, ("inventory", head("A", 1, {"on_hand": 3})))
    world.commit(("inventory", head("res#ord_1", 1, {"status": "reserved"})), order("ord_11", 2, "cancelled"))
    world.write(product("D", 2, deleted=True))
    world.project(product("D"), product("D", 2, deleted=True))
    for name, item in (("orders", "claim#reference#R1"), ("orders", "heartbeat#")):
        world.tables.client.put_item(TableName=world.tables.name(name), Item={"id": {"S": item}, "version": {"N": "1"}})
    return dict(base_tables(world.url))


def right(world: World, before: dict[str, Any]) -> None:
    """The read model is what it was, and its summaries are the sums."""
    assert base_tables(world.url) == before
    kept, sums = summaries(world.url)
    assert kept == sums
    assert world.verify()[1] == []


def test_nothing_is_wrong(world: World) -> None:
    """Claims, heartbeats, reservations and tombstones are no drift; all is counted."""
    settled(world)
    report, found = world.verify()
    assert found == []
    assert (report.items, report.rows, report.left) == (18, 18, 0)


PLANTED = {
    "missing": ("DELETE FROM orders WHERE id = 'ord_3'", "ord_3"),
    "stale": ("UPDATE orders SET version = 1, status = 'confirmed' WHERE id = 'ord_11'", "ord_11"),
    "changed": ("UPDATE orders SET total = total + 1 WHERE id = 'ord_4'", "ord_4"),
    "undeleted": ("UPDATE products SET deleted_at = NULL WHERE sku = 'D'", "D"),
    "foreign": (
        "INSERT INTO orders SELECT 'ord_x', 1, reference, customer_id, status, reason, shortages, currency, total,"
        " quantity, line_count, placed_at, updated_at, deleted_at FROM orders WHERE id = 'ord_1'",
        "ord_x",
    ),
}
OTHERS = {
    "a changed line": (
        "changed",
        "UPDATE order_lines SET amount = 1 WHERE order_id = 'ord_5' AND line_no = 2",
        "ord_5",
    ),
    "a line too few": ("changed", "DELETE FROM order_lines WHERE order_id = 'ord_5' AND line_no = 2", "ord_5"),
    "a line too many": (
        "changed",
        "INSERT INTO order_lines SELECT order_id, 9, sku, name, 1, 1, 1, placed_at FROM order_lines"
        " WHERE order_id = 'ord_5' AND line_no = 1",
        "ord_5",
    ),
    "lines of nothing": (
        "foreign",
        "INSERT INTO order_lines SELECT 'ord_x', 1, sku, name, 1, 1, 1, placed_at FROM order_lines"
        " WHERE order_id = 'ord_5' AND line_no = 1",
        "ord_x",
    ),
    "another customer's": ("changed", "UPDATE orders SET customer_id = 'cus_2' WHERE id = 'ord_6'", "ord_6"),
    "a name in other letters": ("changed", "UPDATE customers SET name = 'ADA' WHERE id = 'cus_1'", "cus_1"),
}
ALL = [
    *(pytest.param(kind, statement, key, id=kind) for kind, (statement, key) in PLANTED.items()),
    *(pytest.param(kind, statement, key, id=name) for name, (kind, statement, key) in OTHERS.items()),
]


@pytest.mark.parametrize(("kind", "statement", "key"), ALL)
def test_a_row_that_is_wrong(world: World, kind: str, statement: str, key: str) -> None:
    """It is found for what it is, also where a summary disagrees with it; repaired, both are right together."""
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
    "too much": "UPDATE sales_by_product SET amount = amount + 1 WHERE sku = 'A' LIMIT 1",
    "too large for a BIGINT": "UPDATE customer_spend SET spend = 99999999999999999999",
    "a row too few": "DELETE FROM sales_by_customer",
    "a row too many": "INSERT INTO sales_by_customer VALUES ('2020-01-01', 'GBP', 'cus_9', 1, 1, 1)",
    "the last order": "UPDATE customer_spend SET last_order_at = '2020-01-01 00:00:00.001'",
    "no last order": "UPDATE customer_spend SET last_order_at = NULL",
}


@pytest.mark.parametrize("statement", [pytest.param(statement, id=name) for name, statement in SUMS.items()])
def test_a_summary_that_is_wrong(world: World, statement: str) -> None:
    """Found and set right, and nothing else is touched."""
    before = settled(world)
    world.sql(statement)
    _, found = world.verify()
    assert {drift.kind.value for drift in found} == {"sum"}
    world.verify(repair=True)
    right(world, before)


def test_a_row_and_its_summaries_tampered_with_alike(world: World) -> None:
    """They agree with each other and not with the write model: found by the row, and both come back right together."""
    before = settled(world)
    world.sql("UPDATE orders SET total = total + 100 WHERE id = 'ord_4'")
    world.sql("UPDATE order_lines SET amount = amount + 100 WHERE order_id = 'ord_4' AND line_no = 1")
    world.sql("UPDATE customer_spend SET spend = spend + 100 WHERE customer_id = 'cus_1'")
    world.sql("UPDATE sales_by_customer SET amount = amount + 100 WHERE customer_id = 'cus_1'")
    world.sql("UPDATE sales_by_product SET amount = amount + 100 WHERE sku = 'A' ORDER BY amount DESC LIMIT 1")
    kept, sums = summaries(world.url)
    assert kept == sums
    _, found = world.verify()
    assert kinds(found) == {("changed", "ord_4")}
    report, repaired = world.verify(repair=True)
    assert kinds(repaired) == {("changed", "ord_4")}
    assert (report.left, report.repaired) == (0, 1)
    right(world, before)


def test_all_at_once(world: World) -> None:
    """Everything that can be wrong, wrong together."""
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
    """A row that is right keeps even what the projection knows nothing of: here, that nobody wrote it."""
    settled(world)
    world.sql("CREATE TABLE touched (id VARCHAR(64) NOT NULL)")
    try:
        for event in ("INSERT", "UPDATE"):
            world.sql(
                f"CREATE TRIGGER orders_{event} AFTER {event} ON orders"
                " FOR EACH ROW INSERT INTO touched VALUES (NEW.id)"
            )
        world.sql("UPDATE orders SET total = 1 WHERE id = 'ord_4'")
        world.sql("DELETE FROM touched")
        world.verify(repair=True)
        assert set(world.sql("SELECT id FROM touched")) == {("ord_4",)}
    finally:
        for event in ("INSERT", "UPDATE"):
            world.sql(f"DROP TRIGGER IF EXISTS orders_{event}")
        world.sql("DROP TABLE touched")


def test_a_row_ahead_of_its_item(world: World) -> None:
    """The version that a row shows was never written: told, and left, since only a person can know why."""
    settled(world)
    world.sql("UPDATE orders SET version = 7 WHERE id = 'ord_4'")
    report, found = world.verify(repair=True)
    assert kinds(found) == {("ahead", "ord_4")}
    assert report.left == 1
    assert "ops rebuild" in found[0].outcome


def test_an_item_that_no_row_can_show(world: World) -> None:
    """An unreadable item, and one that the database refuses: both told and left, the rest is repaired."""
    settled(world)
    world.write(order("ord_bad", reason="x" * 501), ("orders", head("ord_worse", 1, {"status": "placed"})))
    world.sql("UPDATE orders SET total = 1 WHERE id = 'ord_4'")
    report, found = world.verify(repair=True)
    assert kinds(found) == {("missing", "ord_bad"), ("unreadable", "ord_worse"), ("changed", "ord_4")}
    assert report.left == 2
    assert all(drift.repaired or drift.outcome.startswith("left: ") for drift in found)


def test_what_it_advises_follows_from_what_it_did(world: World) -> None:
    """A repair is promised of what it can repair; of what it leaves, before it and after it, something else."""
    settled(world)
    world.write(("orders", head("ord_worse", 1, {"status": "placed"})))
    world.sql("UPDATE orders SET version = 7 WHERE id = 'ord_4'")
    rest = (
        "Ahead: `python -m ops rebuild` makes the read model follow a table that was restored. Unreadable: mend the"
        " projection or the item; `python -m ops dead-letters list` shows what was refused."
    )
    assert conclusion(world.verify()[0]) == f"1 ahead, 1 unreadable. {rest}"
    assert conclusion(world.verify(repair=True)[0]) == f"1 ahead, 1 unreadable; 0 repaired, 2 left. {rest}"
    world.sql("UPDATE orders SET reason = 'x' WHERE id = 'ord_5'")
    mixed = "1 ahead, 1 changed, 1 unreadable"
    brings = "`python -m ops verify --repair` brings the rest of that right."
    assert conclusion(world.verify()[0]) == f"{mixed}. {brings} {rest}"
    assert conclusion(world.verify(repair=True)[0]) == f"{mixed}; 1 repaired, 2 left. {rest}"
    world.write(order("ord_bad", reason="x" * 501))
    assert conclusion(world.verify(repair=True)[0]) == (
        f"1 ahead, 1 missing, 1 unreadable; 0 repaired, 3 left. `outcome` says of each why it was left. {rest}"
    )


def test_what_catches_up_is_no_drift(world: World) -> None:
    """A commit that is under way at the first look, and there at the second."""
    settled(world)
    world.write(order("ord_new"), order("ord_1", 2, "shipped"))
    sleeping: list[bool] = []

    def phase(what: str, total: int | None) -> Any:
        del what, total
        return _Projecting(world, sleeping)

    _, found = world.verify(settle=0.5, phase=phase)
    assert found == []
    assert sleeping


class _Projecting:
    """A phase whose first advance, after the first look, lets the projector catch up."""

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
            self._world.project(order("ord_new"), order("ord_1", 2, "shipped"))


def test_memory_does_not_grow_with_the_tables(world: World) -> None:
    """Four times the items, pages of the same size: the same memory, within a page."""
    peaks = []
    for count in (60, 240):
        world.commit(*(product(f"P{number}", note="x" * 100_000) for number in range(count)))
        tracemalloc.start()
        assert world.verify()[1] == []
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    small, large = peaks
    assert large < small * 1.5


def test_a_newer_version_comes_in_during_a_repair(world: World) -> None:
    """The projector waits for the row that a repair holds, and its version is what stays."""
    settled(world)
    world.sql("UPDATE orders SET total = 1 WHERE id = 'ord_4'")
    newer = order("ord_4", 2, "cancelled")
    waiting: list[Any] = []

    with ThreadPoolExecutor(1) as threads:

        def write_meanwhile(_: Gate) -> None:
            # The repair has read the item, and holds the row.
            world.write(newer)
            waiting.append(threads.submit(world.project, newer))
            until_waiting_for_a_lock(world.url)

        make: Any = lambda: Gate(world.url, once("INSERT INTO orders", write_meanwhile))  # noqa: E731
        options = VerifyOptions(repair=True, settle_seconds=0, segments=1)
        verify(world.targets("orders"), world.tables.client, make, options, phase=quiet)
        assert waiting[0].result(30) == []
    assert world.sql("SELECT version, status FROM orders WHERE id = 'ord_4'") == ((2, "cancelled"),)
    kept, sums = summaries(world.url)
    assert kept == sums
    assert world.verify()[1] == []


def test_an_order_new_to_both_during_a_repair(world: World) -> None:
    """Repair and projector insert the same missing row: one is first, the other does its work again."""
    settled(world)
    new = order("ord_new")
    world.write(new)
    projected: list[Any] = []

    def project_first(_: Gate) -> None:
        projected.append(world.project(new))

    make: Any = lambda: Gate(world.url, once("INSERT INTO orders", project_first))  # noqa: E731
    verify(
        world.targets("orders"), world.tables.client, make, VerifyOptions(repair=True, settle_seconds=0), phase=quiet
    )
    assert projected == [[]]
    kept, sums = summaries(world.url)
    assert kept == sums
    assert world.verify()[1] == []


def test_an_empty_read_model(world: World) -> None:
    """All is missing, and all comes back."""
    before = settled(world)
    for table in ("orders", "order_lines", "products", "customers", "stock", "sales_by_product", "customer_spend"):
        world.sql(f"DELETE FROM {table}")
    report, found = world.verify(repair=True)
    assert {drift.kind.value for drift in found} <= {"missing", "foreign", "sum"}
    assert report.left == 0
    right(world, before)


def test_a_table_that_throttles_is_waited_for(tables: Tables, database: str) -> None:
    """Keys that DynamoDB leaves unprocessed are asked for again, and not taken for drift."""
    proxy = LossyProxy(tables.endpoint)
    world = World(replace(tables, client=aws.dynamodb(proxy.endpoint)), database)
    world.commit(order("ord_1"), order("ord_2"), order("ord_3"))
    proxy.decide = lambda operation, count: "leave one" if operation == "BatchGetItem" and count < 7 else "pass"
    _, found = world.verify()
    assert (found, proxy.counts["BatchGetItem"]) == ([], 8)
    world.close()
    proxy.close()


def test_lines_of_many_orders_that_are_not_there(world: World) -> None:
    """More of them than one BatchGetItem takes."""
    world.commit(order("ord_1"))
    copy = "INSERT INTO order_lines SELECT '{}', 1, sku, name, 1, 1, 1, placed_at FROM order_lines WHERE line_no = 2"
    for number in range(101):
        world.sql(copy.format(f"ord_x{number}"))
    _, found = world.verify()
    assert kinds(found) >= {("foreign", f"ord_x{number}") for number in range(101)}
