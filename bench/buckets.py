"""The gain from splitting a bestseller's sales of a day over buckets.

Several projectors, each a process with orders of its own, write confirmed orders of one product at the same time, to a
private mariadbd that flushes every commit to disk. A transaction locks the summary's row until it is durable. With one
bucket, all transactions need the same row; with four, each order needs one of four rows. A batch of n orders needs up
to n buckets, so the gain depends on the batch size. Rounds take turns, and the median counts.

A server on the same machine answers and commits much faster than Aurora does over a network. So everything is measured
twice, the second time with 1 ms added to every statement and 5 ms to every commit. The locks and the waits for them are
real both times.
"""

import multiprocessing
import statistics
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from zlib import crc32

from msgspec import structs
from msgspec.structs import replace

from bench.projector import NoDeadLetters, server
from bench.rows import Row, Size
from chalicelib.core.dynamodb.codec import item_of
from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector import ProjectorDeps, Writer, project, timeline
from chalicelib.core.service import Head
from chalicelib.core.service import Row as TableRow
from chalicelib.orders.projection import BUCKETS, PROJECTION, SALES_BY_PRODUCT, OrderRow
from chalicelib.orders.service import SERVICE

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

# Not forks, since a fork would share the parent's connections.
PROCESSES = multiprocessing.get_context("spawn")
TABLE = "bench-orders"
# The seconds that are added to a statement, and to a commit.
_FAR = (0.001, 0.005)


class Setting(NamedTuple):
    """The parameters of a measurement.

    Attributes:
        url: the database.
        projectors: the number of concurrent projectors.
        orders: the orders of all projectors together.
        size: the orders in a batch.
        distance: the seconds that are added to a statement, and to a commit.
    """

    url: str
    projectors: int
    orders: int
    size: int
    distance: tuple[float, float]


class Measured(NamedTuple):
    """The orders a second of all projectors together, and the share of their time in which they waited for locks."""

    rate: float
    waiting: float


class Distant:
    """A connection to a server that seems further away than it is."""

    def __init__(self, url: str, distance: tuple[float, float]) -> None:
        self._real = connect(url)
        self._statement, self._commit = distance

    def query(self, statement: str | bytes) -> Any:
        """Wait, then run the statement."""
        time.sleep(self._commit if statement == "COMMIT" else self._statement)
        return self._real.query(statement)

    def _execute_command(self, command: int, statement: bytes) -> None:
        """Wait, then run a statement whose answer is read later."""
        time.sleep(self._statement)
        self._real._execute_command(command, statement)  # type: ignore[attr-defined]  # not in the stubs

    def cursor(self) -> Any:
        """Return a cursor whose statements take longer as well."""
        return self._real.cursorclass(self)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def rows(size: Size) -> Iterator[Row]:
    """Yield for each batch size, near and far, the orders a second with all buckets, compared with one bucket."""
    projectors, orders = size.choose(8, 2), size.choose_orders(2000, 10)
    batches, rounds = ((1, 10, 100), 3) if not size.short else ((5,), 1)
    with server() as url:
        for distance, where in (((0.0, 0.0), "near"), (_FAR, "1 ms further, 5 ms longer to commit")):
            for batch in batches:
                one, many = compare(Setting(url, projectors, orders, batch, distance), rounds)
                yield Row(
                    path=f"buckets: batches of {batch}, {where}",
                    size=f"{orders:,} orders of one product, {projectors} projectors",
                    ours=many.rate,
                    unit="orders/s",
                    beside=f"1 bucket; ours has {BUCKETS}",
                    figure=one.rate,
                    note=f"waiting for locks {one.waiting:.0%} of the time with 1 bucket, {many.waiting:.0%} with all.",
                )


def compare(setting: Setting, rounds: int) -> tuple[Measured, Measured]:
    """Return the medians with one bucket, and with all buckets."""
    found: dict[int, list[Measured]] = {1: [], BUCKETS: []}
    for _ in range(rounds):
        for buckets, measurements in found.items():
            measurements.append(measure(setting, buckets))
    one, many = (Measured(*map(statistics.median, zip(*each, strict=True))) for each in found.values())
    return one, many


def measure(setting: Setting, buckets: int) -> Measured:
    """Return the result of one run of all projectors, on empty tables."""
    connection = connect(setting.url)
    for table in (*PROJECTION.tables, timeline.TABLE):
        connection.query(f"TRUNCATE {table.name}")
    ready = PROCESSES.Barrier(setting.projectors + 1)
    workers = [
        PROCESSES.Process(target=work, args=(setting, buckets, number, ready)) for number in range(setting.projectors)
    ]
    for worker in workers:
        worker.start()
    ready.wait(60)
    waited, start = lock_seconds(connection), time.perf_counter()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    seconds = time.perf_counter() - start
    waited = lock_seconds(connection) - waited
    check(connection, setting.orders, buckets)
    connection.close()
    return Measured(setting.orders / seconds, waited / seconds / setting.projectors)


def work(setting: Setting, buckets: int, number: int, ready: Any) -> None:
    """Run one projector in a process of its own: connect, wait for the others, write the batches."""
    records = [record(each) for each in range(number, setting.orders, setting.projectors)]
    services = {TABLE: replace(SERVICE, projection=in_buckets(buckets))}
    deps = ProjectorDeps(
        Writer(lambda: cast("Connection[Cursor]", Distant(setting.url, setting.distance))),
        NoDeadLetters(),
        remaining_ms=lambda: 60_000,
    )
    deps.writer.connection()
    ready.wait(60)
    for start in range(0, len(records), setting.size):
        assert project(records[start : start + setting.size], services, deps) == []


def in_buckets(count: int) -> Any:
    """Return the orders' projection with its sales by product in that many buckets."""
    *others, sales = PROJECTION.summaries
    assert sales.table is SALES_BY_PRODUCT

    def contributions(order: OrderRow, children: Any) -> Iterator[TableRow]:
        for row in sales.contributions(order, children):
            yield structs.replace(row, bucket=crc32(order.id.encode()) % count)

    return replace(PROJECTION, summaries=(*others, replace(sales, contributions=contributions)))


def record(number: int) -> dict[str, Any]:
    """Return a stream record of a confirmed order of the bestseller. Each order has a customer of its own."""
    line = {"sku": "BESTSELLER-1", "quantity": 1, "unit_price": 295}
    state = {
        "customer_id": f"cus_{number:026}",
        "currency": "GBP",
        "total": 295,
        "status": "confirmed",
        "placed_at": "2026-11-23T10:00:00.000Z",
        "products": {"BESTSELLER-1": "White hanging heart"},
        "lines": [line],
    }
    id, at = f"ord_{number:026}", "2026-11-23T10:00:00.000Z"
    head = Head(id, 2, state, [{"type": "OrderConfirmed", "data": {}}], f"commit-{number}", "reactor", "confirm", at)
    sequence = str(10**20 + number)
    return {
        "eventID": sequence,
        "eventName": "MODIFY",
        "eventSourceARN": f"arn:aws:dynamodb:eu-west-1:000000000000:table/{TABLE}/stream/1",
        "dynamodb": {"Keys": {"id": {"S": id}}, "NewImage": item_of(head), "SequenceNumber": sequence},
    }


def lock_seconds(connection: "Connection[Cursor]") -> float:
    """Return the seconds for which all transactions have waited for row locks since the server started."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_time'")
        ((_, milliseconds),) = cursor.fetchall()
    return int(milliseconds) / 1000


def check(connection: "Connection[Cursor]", orders: int, buckets: int) -> None:
    """Fail unless the summary counts every order, in that many rows."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*), SUM(orders) FROM {SALES_BY_PRODUCT.name}")
        assert cursor.fetchone() == (buckets, orders)
