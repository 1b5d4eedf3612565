"""The rate of `ops rebuild` beside a bare scan of the write store and beside LOAD DATA of the rows, and its memory.

The rebuild runs in a process of its own: it starts, reads all items, writes their rows into new tables, adds the
indexes, verifies everything, and swaps the tables. Only the write store is filled, because a rebuild reads only the
items. The contenders take turns, on the same two servers, and the median counts:

    bare scan    boto3 reads every item, consistently and in as many parts, and does nothing with it
    LOAD DATA    the server reads the rows that the rebuild wrote from its own files, sorted by primary key, into empty
                 tables with the same indexes, without checks of unique and foreign keys, as its manual advises

The bar is half the rate of the slower one. The rate of the scan's last tenth is compared with that of its first, by the
progress that the rebuild records, read every half second.

The embedded AWS cannot hold 1,000,000 orders. Above 50,000, the write store is dynalite, a DynamoDB on LevelDB, which
npm installs, and the database server has a buffer pool of 2 GB instead of 256 MB.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from bench.processes import megabytes as memory_of
from bench.rows import Row, Size, at_least, seconds_of, within
from bench.stores import DYNALITE, MINISTACK, TABLE, stores
from bench.verify import scan
from chalicelib.core.mysql.connections import connect
from chalicelib.orders.service import SERVICE

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

MOST_MEGABYTES = 300
_MOST_IN_MINISTACK = 50_000
_LARGE_POOL = "--innodb-buffer-pool-size=2G"
_TABLES = SERVICE.projection.tables
_LOADED = "__loaded"
_LOOK_SECONDS = 0.5
_TWICE = (
    "A rebuild reads every item twice, to write its rows and to verify them, and then looks up the item of each row by"
    " its key; a bare scan reads every item once. Half of a scan's rate is reached only because ours decodes items in"
    " a fraction of boto3's time. More is possible only if the verification need not look up each item again."
)


def rows(size: Size) -> Iterator[Row]:
    """Yield the orders a second, compared with each of the others, and the memory."""
    yield from _rows(size.choose_orders(20_000, 60), size.choose(4, 2), size.choose(3, 1), large=False)
    if size.large:
        yield from _rows(size.choose(1_000_000, 60), size.choose(4, 2), 1, large=True)


def _rows(orders: int, segments: int, rounds: int, *, large: bool) -> Iterator[Row]:
    """Yield the rows of one number of orders. Few orders are too few pages to show the course of the rate."""
    store = MINISTACK if orders <= _MOST_IN_MINISTACK else DYNALITE
    measured = measure(store, orders, segments, rounds)
    about = f"{orders:,} orders of 3 lines, {segments} segments, {store}"
    slower = max(measured.scan, measured.load)
    for beside, seconds in (("bare scan of the store", measured.scan), ("LOAD DATA of the rows", measured.load)):
        yield Row(
            path="rebuild: rate, verification included",
            size=about,
            ours=orders / measured.rebuild,
            unit="orders/s",
            beside=beside,
            figure=orders / seconds,
            bar=at_least(0.5) if seconds == slower else None,
            note=_TWICE if seconds == slower else "",
            large=large,
        )
    if large:
        first, last = measured.tenths
        yield Row(
            path="rebuild: rate of the scan's last tenth",
            size=about,
            ours=orders / 10 / last,
            unit="orders/s",
            beside="its first tenth",
            figure=orders / 10 / first,
            bar=at_least(0.9),
            large=True,
        )
    yield Row(
        path="rebuild: memory", size=about, ours=measured.megabytes, unit="MB", bar=within(MOST_MEGABYTES), large=large
    )


class Measured:
    """The figures of some rounds.

    Args:
        found: the seconds of each contender, by name, in the order of the rounds.
        megabytes: the most memory that a rebuild needed.
        tenths: the seconds of the scan's first and last tenth, in the last round.
    """

    def __init__(self, found: dict[str, list[float]], megabytes: float, tenths: tuple[float, float]) -> None:
        self.scan, self.load, self.rebuild = (statistics.median(found[name]) for name in ("scan", "load", "rebuild"))
        self.megabytes = megabytes
        self.tenths = tenths


def measure(store: str, orders: int, segments: int, rounds: int) -> Measured:
    """Start both stores, and let the contenders take turns."""
    found: dict[str, list[float]] = {"scan": [], "load": [], "rebuild": []}
    megabytes, tenths = 0.0, (0.0, 0.0)
    options = [_LARGE_POOL] if orders > _MOST_IN_MINISTACK else []
    with (
        tempfile.TemporaryDirectory(prefix="tributary-bench-") as folder,
        stores(Path(folder), orders, store, options) as (client, url),
    ):
        files = Path(folder) / "mariadb" / "files"
        for _ in range(rounds):
            found["scan"].append(seconds_of(lambda: scan(client, segments)))
            with progress(url, orders) as course:
                megabytes = max(megabytes, rebuild(client.meta.endpoint_url, url, segments))
            found["rebuild"].append(course.seconds)
            tenths = course.tenths()
            found["load"].append(load(url, files, orders))
            for name, seconds in found.items():
                print(f"    {name}: {seconds[-1]:.1f} s", file=sys.stderr)
    return Measured(found, megabytes, tenths)


def rebuild(endpoint: str, url: str, segments: int) -> float:
    """Run `ops rebuild` on the orders. Return the most memory that it needed, in MB."""
    env = {
        **os.environ,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "TABLE_PREFIX": TABLE.removesuffix("orders"),
        "DATABASE_URL": url,
    }
    command = [sys.executable, "-m", "ops", "rebuild", "--service", "orders", "--segments", str(segments)]
    process = subprocess.Popen(command, env=env)
    megabytes = 0.0
    while process.poll() is None:
        # Not ru_maxrss: it begins with the memory of this process, which was copied to start the other.
        megabytes = max(megabytes, memory_of(process.pid, "VmHWM"))
        time.sleep(_LOOK_SECONDS / 10)
    assert process.returncode == 0, "the rebuild failed; see above"
    return megabytes


class Course:
    """The course of a rebuild: times, each with the number of items that its scan has done."""

    def __init__(self) -> None:
        self.looks = [(time.perf_counter(), 0)]

    @property
    def seconds(self) -> float:
        """The seconds from the first to the last look."""
        return self.looks[-1][0] - self.looks[0][0]

    def look(self, items: int) -> None:
        """Note how many items are done."""
        self.looks.append((time.perf_counter(), items))

    def tenths(self) -> tuple[float, float]:
        """Return the seconds of the first and of the last tenth of the items."""
        last = self.looks[-1][1]
        return self._at(last / 10) - self._at(0), self._at(last) - self._at(last * 9 / 10)

    def _at(self, items: float) -> float:
        """Return the time at which so many items were done; between two looks, in proportion."""
        return next(
            before + (after - before) * (items - fewer) / (more - fewer)
            for (before, fewer), (after, more) in pairwise(self.looks)
            if fewer <= items <= more and more > fewer
        )


@contextmanager
def progress(url: str, orders: int) -> Iterator[Course]:
    """Follow the progress of a rebuild of so many orders, which the block runs to its end."""
    connection = connect(url)
    ended, course = threading.Event(), Course()

    def follow() -> None:
        while not ended.wait(_LOOK_SECONDS):
            ((items,),) = _ask(connection, "SELECT SUM(items) FROM rebuilds")
            if items is not None:  # before the scan, and after it was swapped, it is not stored
                course.look(int(items))

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield course
    finally:
        ended.set()
        thread.join()
        course.look(orders)
        connection.close()


def load(url: str, files: Path, orders: int) -> float:
    """Load the rows of all tables of the service into copies of the tables, by LOAD DATA. Return the seconds."""
    connection = connect(url, read_timeout=3600)
    seconds = 0.0
    for table in _TABLES:
        file, columns, key = files / table.name, ", ".join(table.columns), ", ".join(table.key)
        _ask(connection, f"SELECT {columns} FROM {table.name} ORDER BY {key} INTO OUTFILE '{file}'")
        connection.query(f"CREATE TABLE {table.name}{_LOADED} LIKE {table.name}")
        connection.query("SET SESSION unique_checks = 0, foreign_key_checks = 0")
        statement = f"LOAD DATA INFILE '{file}' INTO TABLE {table.name}{_LOADED} ({columns})"
        seconds += seconds_of(lambda: connection.query(statement))  # noqa: B023 - called at once
        file.unlink()
    ((loaded,),) = _ask(connection, f"SELECT COUNT(*) FROM {_TABLES[0].name}{_LOADED}")
    assert loaded == orders, f"{loaded} orders instead of {orders}"
    connection.query(f"DROP TABLE {', '.join(f'{table.name}{_LOADED}' for table in _TABLES)}")
    connection.close()
    return seconds


def _ask(connection: "Connection[Cursor]", statement: str) -> Sequence[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows: Sequence[tuple[int, ...]] = cursor.fetchall()
        return rows
