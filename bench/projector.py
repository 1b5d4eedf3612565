"""The projector, compared with other ways to write the same rows, in one process, on one server that commits to disk.

The records are those of a shop (bench/workload.py), in batches of one service. An order has a record when it is placed,
three of its products' stock, one of its reservation, and one when it is confirmed. Every fourth order adds a new
customer's record. These are about 23 rows for each order, including summaries and timeline. The contenders:

    ours                  the projector: locks, compares, writes, and updates the summaries
    samples' way          boto3's TypeDeserializer and one statement for each row
    executemany           PyMySQL's executemany for each table of a batch
    SQLAlchemy            SQLAlchemy 2's upsert for each table of a batch
    ceiling               a replay of our recorded statements: the time that the server alone takes
    ceiling of 2026-11-26 a replay of that day's statements, with that day's tables

Rounds take turns, so that other work of the machine affects all contenders, and the median counts. Only ours could be
called twice with the same records and change nothing. At the end, the write store is filled, and `verify` compares it
with the rows that ours wrote.

The CPU of an order is that of this process, and that of the server's process by /proc. On one processor, this process
and the server with all its threads are pinned to the same one, as `taskset -c 0` does; otherwise neither is pinned.

The large rows compare tables that hold 1 and 5 million orders already with empty ones, in two databases of one server,
whose buffer pool has 2 GB. SQL fills them (tests/shop/queries/bulk.py). Each round writes further orders into both.
"""

import gc
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import ceiling
from bench.peers import executemany, samples_way, sqlalchemy_bulk
from bench.processes import process
from bench.rows import Row, Size, at_least
from bench.stores import small_store
from bench.workload import SERVICES, Batches, batches, newest_items
from chalicelib.bootstrap import MIGRATIONS
from chalicelib.core.mysql.connections import connect
from chalicelib.core.mysql.migrate import migrate
from chalicelib.core.projector import ProjectorDeps, Writer, project, timeline
from local.mariadb import MariaDB, with_database
from local.ports import free_port
from ops.verify import Target, VerifyOptions, verify
from tests.shop.queries.bulk import fill_large

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

DATABASE, OLD_DATABASE = "tributary_bench", "tributary_bench_ceiling"
WRITTEN = [*(table.name for service in SERVICES.values() for table in service.projection.tables), timeline.TABLE.name]
_CONTROL = "generations"


def rows(size: Size) -> Iterator[Row]:
    """Yield the orders a second of the projector, compared with each other way and with the ceilings."""
    orders, batch, rounds = size.choose_orders(ceiling.ORDERS, 60), size.choose(ceiling.BATCH, 30), size.choose(5, 1)
    found = batches(orders, batch)
    with private_server() as (url, pid):
        rates, written = measure(url, found, orders, rounds)
        costs = list(measure_cpu(url, pid, found, orders, rounds))
        verified(url, found)
    about = f"{orders:,} orders, batches of {batch:,}"
    ours = rates["ours"]
    bars = {"samples' way": 10, "executemany": 2, "SQLAlchemy": 2, "ceiling": 0.85}
    for name, bar in bars.items():
        yield Row(
            path="projector",
            size=about,
            ours=ours,
            unit="orders/s",
            beside=name,
            figure=rates[name],
            bar=at_least(bar),
            note=NOTES.get(name, ""),
        )
    yield Row(
        path="projector: rows",
        size=about,
        ours=ours * written / orders,
        unit="rows/s",
        beside="Debezium's JDBC sink into MySQL, as published, on its own hardware",
        figure=2300,
    )
    if "ceiling of 2026-11-26" in rates:
        yield Row(
            path="projector: the ceiling itself",
            size=about,
            ours=rates["ceiling"],
            unit="orders/s",
            beside="ceiling of 2026-11-26",
            figure=rates["ceiling of 2026-11-26"],
            bar=at_least(1.2),
            note=NOTES.get("ceiling of 2026-11-26", ""),
        )
    yield from costs
    if size.large:
        for there in (size.choose(1_000_000, 60), size.choose(5_000_000, 120)):
            yield measure_large(there, orders, batch, rounds)


_SERVER_BOUND = (
    "Both write the same rows into the same indexes. Ours also locks, compares and reads back. By a profile of CPU"
    " (py-spy, 2026-11-26, a busy machine), a third of the client's work is to decode and project the records, half of"
    " that for attribute values; a sixth is to encode the rows, an eighth to wait for and read rows under the lock, a"
    " tenth the summaries. The server takes 0.28 ms an order (smallest of seven replays a statement), of which the"
    " timeline 0.09. Twice the others' rate needs a server that takes a third less for the same rows."
)
NOTES: dict[str, str] = {
    "samples' way": _SERVER_BOUND,
    "executemany": _SERVER_BOUND,
    "SQLAlchemy": _SERVER_BOUND,
    "ceiling": (
        "Records are decoded and rows encoded while the server works, but client and server take about as much CPU"
        " each, so wherever the client is slower the server waits. Not hidden are also the decoding before the first"
        " slice, the sums, and the commits. No single function of the client takes more than a tenth of it: less needs"
        " something faster than Python to decode records."
    ),
    "ceiling of 2026-11-26": (
        "The timeline is the costliest table. Half of what a row costs is to parse its nine literals, and two indexes"
        " that that day's tables lack cost 0.02 ms an order: one for journeys, one for commits a second. Tried without"
        " gain: one JSON document instead of five values, JSON_TABLE, plain instead of guarded updates, updates of the"
        " changed columns alone, other character sets. Prepared statements of the binary protocol take a sixth off the"
        " server's CPU and 6 % off the whole (docs/adr/0028 says why they are not used). Needed: the commits a second"
        " counted without an index, and values sent in binary."
    ),
}
"""Why a bar is not reached, by what ours is beside."""


@contextmanager
def private_server(*options: str) -> Iterator[tuple[str, int]]:
    """Yield the URL of a migrated database on a new server with these options, and the server's process id."""
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as folder:
        mariadb = MariaDB(Path(folder), free_port(), flush=1, options=options)
        mariadb.start()
        try:
            place = with_database(mariadb.server_url, DATABASE)
            migrate(place, MIGRATIONS)
            assert mariadb.child.pid
            yield place, mariadb.child.pid
        finally:
            mariadb.stop()


@contextmanager
def server(url: str | None = None) -> Iterator[str]:
    """Yield the URL of a new migrated database, on the server named or on a private one."""
    if url is None:
        with private_server() as (place, _):
            yield place
        return
    place = with_database(url, DATABASE)
    migrate(place, MIGRATIONS)
    try:
        yield place
    finally:
        connection = connect(place)
        connection.query(f"DROP DATABASE {DATABASE}")
        connection.close()


def measure(url: str, found: Batches, orders: int, rounds: int) -> tuple[dict[str, float], int]:
    """Return the median orders a second of each contender, and the number of rows that the samples' way writes."""
    connection, sqlalchemy = connect(url), sqlalchemy_bulk.Writer(url)
    statements = recorded(url, found)
    written: list[int] = []
    contenders: dict[str, Callable[[], object]] = {
        "samples' way": lambda: written.append(samples_way.write(connection, found)),
        "executemany": lambda: executemany.write(connection, found),
        "SQLAlchemy": lambda: sqlalchemy.write(found),
        "ceiling": lambda: ceiling.replay(connection, statements),
    }
    old = old_ceiling(url) if orders == ceiling.ORDERS else None
    if old:
        contenders["ceiling of 2026-11-26"] = old
    contenders["ours"] = lambda: ours(lambda: connection, found)
    gc.collect()
    gc.freeze()  # the records of all batches must not count as the projector's work: a function has one batch at a time
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            empty(connection)
            start = time.perf_counter()
            run()
            rates[name].append(orders / (time.perf_counter() - start))
            if run is not old:
                check(connection, orders)
    sqlalchemy.close()
    connection.close()
    return {name: statistics.median(each) for name, each in rates.items()}, written[0]


def measure_cpu(url: str, pid: int, found: Batches, orders: int, rounds: int) -> Iterator[Row]:
    """Yield the CPU of an order, of client and server, on all processors of this process and on one of them."""
    connection = connect(url)
    contenders: dict[str, Callable[[], None]] = {
        "executemany": lambda: executemany.write(connection, found),
        "ours": lambda: ours(lambda: connection, found),  # the last, since what it has written is verified
    }
    processors = os.sched_getaffinity(0)
    for allowed in (processors, {min(processors)}):
        figures: dict[tuple[str, str], list[float]] = {}
        with pinned(pid, allowed):
            for _ in range(rounds):
                for name, run in contenders.items():
                    empty(connection)
                    start, client, by_server = time.perf_counter(), time.process_time(), process(pid).cpu_seconds
                    run()
                    took = (
                        time.perf_counter() - start,
                        time.process_time() - client,
                        process(pid).cpu_seconds - by_server,
                    )
                    for what, seconds in zip(("rate", "client", "server"), took, strict=True):
                        figures.setdefault((name, what), []).append(seconds / orders)
        medians = {key: statistics.median(each) for key, each in figures.items()}
        where = "one processor" if len(allowed) == 1 else f"{len(allowed)} processors"
        about = f"{orders:,} orders, client and server on {where}"
        yield Row(
            path="projector: rate",
            size=about,
            ours=1 / medians["ours", "rate"],
            unit="orders/s",
            beside="executemany",
            figure=1 / medians["executemany", "rate"],
        )
        for what in ("client", "server"):
            yield Row(
                path=f"projector: CPU of an order, {what}",
                size=about,
                ours=max(medians["ours", what], 1e-6) * 1000,
                unit="ms",
                beside="executemany",
                figure=max(medians["executemany", what], 1e-6) * 1000,
            )
    connection.close()


@contextmanager
def pinned(pid: int, processors: set[int]) -> Iterator[None]:
    """Let this process and all threads of a server run only on some processors."""
    before = os.sched_getaffinity(0)
    _pin(pid, processors)
    try:
        yield
    finally:
        _pin(pid, before)


def _pin(pid: int, processors: set[int]) -> None:
    os.sched_setaffinity(0, processors)
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), processors)


def measure_large(there: int, orders: int, batch: int, rounds: int) -> Row:
    """Return the rate with so many orders there, beside that with empty tables."""
    all_batches = batches(orders * rounds, batch)
    rates: dict[str, list[float]] = {}
    with ExitStack() as stack:
        url, _ = stack.enter_context(private_server("--innodb-buffer-pool-size=2G", "--innodb-log-file-size=1G"))
        full = with_database(url, f"{DATABASE}_full")
        migrate(full, MIGRATIONS)
        connections = {"full": connect(full, read_timeout=3600), "empty": connect(url)}
        fill_large(connections["full"], there, max(1, there // 20))
        for number in range(rounds):
            share = len(all_batches) // rounds
            found = all_batches[number * share : (number + 1) * share]
            for name, connection in connections.items():
                start = time.perf_counter()
                ours(lambda connection=connection: connection, found)  # type: ignore[misc]  # mypy infers no default
                rates.setdefault(name, []).append(orders / (time.perf_counter() - start))
        for name, connection in connections.items():
            stack.callback(connection.close)
            with connection.cursor() as cursor:
                cursor.execute("SELECT COUNT(*) FROM orders")
                assert cursor.fetchone() == ((there if name == "full" else 0) + orders * rounds,), name
    return Row(
        path="projector: beside empty tables",
        size=f"{there:,} orders there, buffer pool of 2 GB, {orders:,} orders a round",
        ours=statistics.median(rates["full"]),
        unit="orders/s",
        beside="empty tables",
        figure=statistics.median(rates["empty"]),
        bar=at_least(0.7),
        large=True,
    )


class NoDeadLetters:
    """A store of dead letters that accepts none: a benchmark with dead letters would measure something else."""

    def put(self, letter: Any) -> None:
        """Fail."""
        raise AssertionError(letter.error)


def ours(open_connection: Callable[[], Any], found: Batches) -> None:
    """Run the projector, as its handler calls it."""
    deps = ProjectorDeps(Writer(open_connection), NoDeadLetters(), remaining_ms=lambda: 60_000)
    for batch in found:
        assert project(batch, SERVICES, deps) == []


def verified(url: str, found: Batches) -> None:
    """Fail unless the read model matches the write store once all records are written."""
    with (
        tempfile.TemporaryDirectory(prefix="tributary-bench-") as folder,
        small_store(Path(folder), newest_items(found)) as client,
    ):
        targets = [Target(service, table, service.projection) for table, service in SERVICES.items()]
        report = verify(
            targets,
            client,
            lambda: connect(url),
            VerifyOptions(settle_seconds=0),
            phase=lambda *_: nullcontext(_quiet),
        )
    assert report.left == 0, report


def _quiet(count: int = 1, /) -> None:
    """Show no progress."""


def recorded(url: str, found: Batches) -> ceiling.Statements:
    """Return the projector's statements for these batches, once the database knows the services.

    The first transaction of a service inserts its row of `generations`, which cannot be replayed.
    """
    connection = connect(url)
    for name in SERVICES:
        ours(lambda: connection, [next(batch for batch in found if f":table/{name}/" in batch[0]["eventSourceARN"])])
    empty(connection)
    connection.close()
    recorder = ceiling.Recorder(url)
    ours(lambda: recorder, found)
    recorder.close()
    return recorder.statements


def old_ceiling(url: str) -> Callable[[], None]:
    """Return a function that replays the statements of 2026-11-26 into a database with the tables of that day."""
    connection = connect(url)
    connection.query(f"DROP DATABASE IF EXISTS {OLD_DATABASE}")
    connection.query(f"CREATE DATABASE {OLD_DATABASE}")
    connection.query(f"USE {OLD_DATABASE}")
    tables, statements = ceiling.kept()
    for table in tables:
        connection.query(table)
    for service in SERVICES.values():
        connection.query(f"INSERT INTO {_CONTROL} (service, live) VALUES ('{service.name}', 1)")

    def run() -> None:
        ceiling.replay(connection, statements)

    return run


def empty(connection: "Connection[Cursor]") -> None:
    """Empty the tables that the contenders write, in every database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES")
        for schema, name in cursor.fetchall():
            if schema in (DATABASE, OLD_DATABASE) and name in WRITTEN:
                cursor.execute(f"TRUNCATE {schema}.{name}")


def check(connection: "Connection[Cursor]", orders: int) -> None:
    """Fail unless a contender has written the expected rows."""
    expected: Sequence[tuple[str, int]] = (
        ("SELECT COUNT(*) FROM orders WHERE status = 'confirmed'", orders),
        ("SELECT COUNT(*) FROM order_lines", 3 * orders),
        ("SELECT COUNT(*) FROM timeline WHERE service = 'orders'", 2 * orders),
        ("SELECT SUM(orders) FROM sales_by_product", 3 * orders),
        ("SELECT SUM(order_count) FROM customer_spend", orders),
    )
    with connection.cursor() as cursor:
        for statement, count in expected:
            cursor.execute(statement)
            ((there,),) = cursor.fetchall()
            assert there == count, f"{statement}: {there} instead of {count}"
