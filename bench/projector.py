"""The projector beside other ways to write the same rows, in one process and on one server.

An order is a row, three lines, a word of its reference, one of the timeline, and its customer's spend. The contenders:

    record     a statement a row, decoded by boto3's TypeDeserializer, as samples do it
    many       PyMySQL's executemany for each table
    ours       the projector: locks, compares, writes, keeps the summaries
    ceiling    ours again, its statements recorded beforehand: what the server alone takes

All but `record` use this project's decoder. Rounds take turns, and the median counts, so that what else
the machine does falls on all. Only `ours` could be called twice with the same records and change nothing.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer
from msgspec.structs import astuple

from bench.rows import Row, Size, at_least
from chalicelib.bootstrap import MIGRATIONS
from chalicelib.core.dynamodb.codec import item_of, stored_head
from chalicelib.core.mysql.connections import connect
from chalicelib.core.mysql.migrate import migrate
from chalicelib.core.projector import ProjectorDeps, Writer, project, timeline
from chalicelib.core.service import Head, Table
from chalicelib.core.words import words
from chalicelib.orders.projection import CUSTOMER_SPEND, LINES, ORDERS, PROJECTION, WORDS, OrderRow
from chalicelib.orders.service import SERVICE
from local.mariadb import MariaDB, with_database
from local.ports import free_port

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

Batches = Sequence[Sequence[Mapping[str, Any]]]
SERVICES = {"bench-orders": SERVICE}
WRITTEN = (ORDERS, LINES, WORDS, timeline.TABLE, CUSTOMER_SPEND)
SPEND_TAIL = (
    "ON DUPLICATE KEY UPDATE order_count = order_count + VALUES(order_count), spend = spend + VALUES(spend),"
    " last_order_at = GREATEST(last_order_at, VALUES(last_order_at))"
)


def rows(size: Size) -> Iterator[Row]:
    """Orders a second of the projector, beside each other way."""
    orders, batch, rounds = size.choose_orders(5000, 60), size.choose(1000, 30), size.choose(3, 1)
    records = [record(number) for number in range(orders)]
    batches = [records[start : start + batch] for start in range(0, orders, batch)]
    with server() as url:
        rates = measure(url, batches, rounds)
    bars = {"record": at_least(10), "many": at_least(2), "ceiling": at_least(0.85)}
    for name, bar in bars.items():
        yield Row(
            path="projector: placed orders",
            size=f"{orders:,} orders of 3 lines, batches of {batch:,}",
            ours=rates["ours"],
            unit="orders/s",
            beside=name,
            figure=rates[name],
            bar=bar,
        )


@contextmanager
def server(url: str | None = None) -> Iterator[str]:
    """A migrated database of our own, on the server named or on a private one."""
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as folder:
        private = None if url else MariaDB(Path(folder), free_port(), flush=1)
        if private:
            private.start()
        place = with_database(url or (private.server_url if private else ""), "tributary_bench")
        migrate(place, MIGRATIONS)
        try:
            yield place
        finally:
            connection = connect(place)
            connection.query("DROP DATABASE tributary_bench")
            connection.close()
            if private:
                private.stop()


def measure(url: str, batches: Batches, rounds: int) -> dict[str, float]:
    """Orders a second of each contender: the median of the rounds."""
    connection = connect(url)
    statements = recorded(url, batches)
    contenders: dict[str, Callable[[], None]] = {
        "record": lambda: a_statement_a_row(connection, batches),
        "many": lambda: executemany(connection, batches),
        "ours": lambda: ours(lambda: connection, batches),
        "ceiling": lambda: replay(connection, statements),
    }
    count = sum(len(batch) for batch in batches)
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            empty(connection)
            start = time.perf_counter()
            run()
            rates[name].append(count / (time.perf_counter() - start))
            check(connection, count)
    connection.close()
    return {name: statistics.median(found) for name, found in rates.items()}


def record(number: int) -> dict[str, Any]:
    """A stream record of a new order of three lines, as Lambda delivers it."""
    lines = [{"sku": f"SKU{(number * 7 + n) % 3000:05}", "quantity": n + 1, "unit_price": 295 + n} for n in range(3)]
    total = sum(line["quantity"] * line["unit_price"] for line in lines)  # type: ignore[operator]
    facts = {"customer_id": f"cus_{number % 4000:026}", "currency": "GBP", "total": total}
    state = {
        **facts,
        "reference": str(500_000 + number),
        "status": "placed",
        "placed_at": "2026-11-23T10:00:00.000Z",
        "products": {line["sku"]: f"WHITE HANGING HEART {line['sku']}" for line in lines},
        "lines": lines,
    }
    id = f"ord_{number:026}"
    events = [{"type": "OrderPlaced", "data": facts}]
    head = Head(id, 1, state, events, f"commit-{number}", "staff", "orders.place", "2026-11-23T10:00:00.000Z")
    sequence = str(10**20 + number)
    return {
        "eventID": sequence,
        "eventName": "INSERT",
        "eventSourceARN": "arn:aws:dynamodb:eu-west-1:000000000000:table/bench-orders/stream/1",
        "dynamodb": {"Keys": {"id": {"S": id}}, "NewImage": item_of(head), "SequenceNumber": sequence},
    }


class NoDeadLetters:
    """A benchmark that sets records aside measures something else."""

    def put(self, letter: Any) -> None:
        """Stop."""
        raise AssertionError(letter.error)


def ours(open_connection: Callable[[], Any], batches: Batches) -> None:
    """The projector, as its handler calls it."""
    deps = ProjectorDeps(Writer(open_connection), NoDeadLetters(), remaining_ms=lambda: 60_000)
    for batch in batches:
        assert project(batch, SERVICES, deps) == []


class Recorder:
    """A connection that keeps every statement that goes through it."""

    def __init__(self, url: str) -> None:
        self.real = connect(url)
        self.statements: list[str | bytes] = []

    def query(self, statement: str | bytes) -> Any:
        """Keep it, run it."""
        self.statements.append(statement)
        return self.real.query(statement)

    def cursor(self) -> Any:
        """A cursor whose statements come through here as well."""
        return self.real.cursorclass(self)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def recorded(url: str, batches: Batches) -> list[str | bytes]:
    """The statements by which the projector writes those batches, once its service is known to the database.

    The first transaction of a service inserts its row of `generations`, which cannot be replayed.
    """
    connection = connect(url)
    ours(lambda: connection, batches[:1])
    empty(connection)
    connection.close()
    recorder = Recorder(url)
    ours(lambda: recorder, batches)
    recorder.close()
    return recorder.statements


def replay(connection: "Connection[Cursor]", statements: Sequence[str | bytes]) -> None:
    """The same statements with no work of ours between them."""
    for statement in statements:
        connection.query(statement)


def executemany(connection: "Connection[Cursor]", batches: Batches) -> None:
    """Rows by our projection, statements by PyMySQL."""
    for batch in batches:
        rows: dict[str, list[tuple[Any, ...]]] = {table.name: [] for table in WRITTEN}
        for raw in batch:
            head = stored_head(raw["dynamodb"]["NewImage"])
            made = PROJECTION.rows(head)
            assert isinstance(made.root, OrderRow)
            rows[ORDERS.name].append(astuple(made.root))
            for table in (LINES, WORDS):
                rows[table.name] += map(astuple, made.children[table.name])
            rows[timeline.TABLE.name].append(astuple(timeline.row("orders", head)))
            rows[CUSTOMER_SPEND.name].append((made.root.customer_id, "GBP", 0, 0, made.root.placed_at))
        connection.query("START TRANSACTION")
        with connection.cursor() as cursor:
            for table in WRITTEN:
                cursor.executemany(upsert(table), rows[table.name])
        connection.query("COMMIT")


def a_statement_a_row(connection: "Connection[Cursor]", batches: Batches) -> None:
    """The way of most samples, though with one commit a batch, which is kinder than theirs."""
    decode = TypeDeserializer().deserialize
    for batch in batches:
        connection.query("START TRANSACTION")
        with connection.cursor() as cursor:
            for raw in batch:
                item = {name: decode(value) for name, value in raw["dynamodb"]["NewImage"].items()}
                for table, row in plain_rows(item):
                    cursor.execute(upsert(table), row)
        connection.query("COMMIT")


def plain_rows(item: Mapping[str, Any]) -> Iterator[tuple[Table, tuple[Any, ...]]]:
    """The rows of an item, written down as one would by hand."""
    state, id = item["state"], item["id"]
    placed, at = state["placed_at"][:-1], item["at"][:-1]
    lines = state["lines"]
    quantity = sum(line["quantity"] for line in lines)
    numbers = (state["total"], quantity, len(lines))
    names = (id, item["version"], state["reference"], state["customer_id"], state["status"], None, None)
    yield ORDERS, (*names, state["currency"], *numbers, placed, at, None)
    for word in words(state["reference"]):
        yield WORDS, (id, word)
    for number, line in enumerate(lines, start=1):
        sku, pieces, price = line["sku"], line["quantity"], line["unit_price"]
        yield LINES, (id, number, sku, state["products"][sku], pieces, price, pieces * price, placed)
    events = json.dumps(item["events"], default=int)
    yield (
        timeline.TABLE,
        (
            "orders",
            id,
            item["version"],
            at,
            item["command"],
            item["actor"],
            item["commit"],
            events,
            item.get("correlation", ""),
        ),
    )
    yield CUSTOMER_SPEND, (state["customer_id"], state["currency"], 0, 0, placed)


def upsert(table: Table) -> str:
    """An INSERT with placeholders that may be repeated."""
    marks = ", ".join(["%s"] * len(table.columns))
    changed = [column for column in table.columns if column not in table.key] or table.key[:1]
    changes = ", ".join(f"{column} = VALUES({column})" for column in changed)
    tail = SPEND_TAIL if table is CUSTOMER_SPEND else f"ON DUPLICATE KEY UPDATE {changes}"
    return f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks}) {tail}"


def empty(connection: "Connection[Cursor]") -> None:
    """Empty what the contenders write."""
    for table in WRITTEN:
        connection.query(f"TRUNCATE {table.name}")


def check(connection: "Connection[Cursor]", orders: int) -> None:
    """Stop unless every contender wrote what it should."""
    for table, count in ((ORDERS, orders), (LINES, 3 * orders), (timeline.TABLE, orders)):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {table.name}")
            assert cursor.fetchone() == (count,), table.name
