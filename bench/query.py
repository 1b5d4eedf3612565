"""A query, compared with bare PyMySQL and json.dumps, in one process and on one server, in turns. The median counts.

Ours begins with the event that Lambda gets after the authorizer, and ends with the answer. Its time includes routing,
permissions, checked parameters, a connection of the pool, a read-only transaction with a time limit, the SELECTs, the
answer's types, its cursor and its ETag. The bare way sends the same SELECTs with PyMySQL's DictCursor, over an open
connection of PyMySQL without a transaction, and json.dumps makes the rows into text. Its times are converted by
datetime.fromisoformat, as ours are, which is faster than PyMySQL's own way. It does not send the statements by which
ours chooses an index.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions
from pymysql.cursors import DictCursor

from bench.rows import Row, Size, at_most, medians
from bench.shop import environment, event, send
from chalicelib.bootstrap import MIGRATIONS
from chalicelib.core.mysql.connections import connect
from chalicelib.core.mysql.migrate import migrate
from chalicelib.core.mysql.rows import RowsByName
from chalicelib.core.queries.limit import QueryCursor
from chalicelib.core.tokens import Signer
from chalicelib.orders.answers import OrderFilters
from chalicelib.orders.queries import get_order, list_orders
from chalicelib.reports.queries import SalesParameters, sales
from local.config import Config
from local.env import app_env
from local.mariadb import MariaDB, with_database
from local.ports import free_port
from tests.shop.queries import bulk
from tests.support.plain_pymysql import connect_plainly

LINES, PAGE = 20, 50
ORDER = "ord_00000777"
LIST = {
    "status": "delivered",
    "currency": "GBP",
    "min_total": 1000,
    "max_total": 90_000,
    "placed_from": "2024-03-01T00:00:00Z",
    "limit": PAGE,
}
FIRST, LAST = date(2024, 6, 1), date(2024, 6, 30)
SALES = {"by": "product", "from": FIRST, "to": LAST}
SIGNER = Signer("a secret of at least thirty-two characters")
Statement = tuple[str, tuple[Any, ...]]
_WHY = (
    "CPU of the client, ours and bare (smallest of 300 in turns, 2,000 orders, 2026-11-26, a busy machine): list"
    " 0.76 and 0.83 ms, order 0.49 and 0.44, sales 0.75 and 0.52. Ours reads rows in little more than half the"
    " time that PyMySQL needs, which pays for the route, the checks and the answer's types in a list of 50 rows,"
    " and for most of them in an order. It waits for no answer more than bare, except in the report, which counts"
    " the rows of its range, up to 1,000, to choose the index. It sends one statement more, the ROLLBACK that ends"
    " the snapshot, whose answer is read with the next request. Where other programs keep both processors busy,"
    " sending it can cost the client its processor: then medians differ by more than the CPU does. To reach the"
    " bar, an order needs a shorter way through Chalice (some 0.1 ms), and the report a way to know how many rows"
    " a range has."
)


class Question(NamedTuple):
    """A question, as a request and as a call of the query."""

    request: dict[str, Any]
    query: Callable[[QueryCursor], object]


QUESTIONS = {
    "list of orders, 50 rows, 5 filters": Question(
        event("GET", "/orders", query=LIST),
        lambda cursor: list_orders(cursor, msgspec.convert(LIST, OrderFilters), SIGNER),
    ),
    f"order of {LINES} lines": Question(
        event("GET", "/orders/{id}", id=ORDER), lambda cursor: get_order(cursor, ORDER)
    ),
    "sales by product": Question(
        event("GET", "/reports/sales", query=SALES),
        lambda cursor: sales(cursor, SalesParameters(by="product", from_=FIRST, to=LAST), SIGNER, LAST),
    ),
}


def rows(size: Size) -> Iterator[Row]:
    """Yield the milliseconds of each query, compared with the bare way."""
    orders, rounds = size.choose_orders(100_000, 2000), size.choose(400, 3)
    with filled(orders) as url:
        # Not by `connect`, whose connections have our own reader of rows.
        connection = connect_plainly(url, {**conversions, FIELD_TYPE.DATETIME: datetime.fromisoformat})
        for name, question in QUESTIONS.items():
            answer = json.loads(send(question.request))
            assert len(answer.get("items", answer.get("lines"))) in (LINES, PAGE), name
            statements = selects(url, question.query)
            contenders: dict[str, Callable[[], object]] = {
                "ours": partial(send, question.request),
                "bare": partial(bare, connection, statements),
            }
            seconds = medians(contenders, rounds)
            yield Row(
                path=f"query: {name}",
                size=f"{orders:,} orders, {rounds} rounds",
                ours=1000 * seconds["ours"],
                unit="ms",
                beside="bare PyMySQL and json.dumps",
                figure=1000 * seconds["bare"],
                bar=at_most(1.0),
                note=_WHY,
            )
        connection.close()


@contextmanager
def filled(orders: int) -> Iterator[str]:
    """Set up the process to answer from a read model with so many orders. Yield its URL."""
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as name:
        folder = Path(name)
        server = MariaDB(folder / "mariadb", free_port(), flush=0)
        server.start()
        try:
            url = with_database(server.server_url, "tributary_bench")
            migrate(url, MIGRATIONS)
            connection = connect(url, read_timeout=600)
            bulk.fill(connection, orders, max(100, orders // 20))
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO order_lines SELECT order_id, %s, CONCAT('SKU-', %s), name, quantity, unit_price,"
                    " amount, placed_at FROM order_lines WHERE order_id = %s AND line_no = 1",
                    [(line, line, ORDER) for line in range(4, LINES + 1)],
                )
            connection.close()
            with environment(app_env(Config(folder=folder), url)):
                yield url
        finally:
            server.stop()


class Noting:
    """A cursor for queries that records their statements, except those that choose an index."""

    def __init__(self, cursor: RowsByName) -> None:
        self._cursor = cursor
        self.noted: list[Statement] = []

    def execute(self, statement: str, values: tuple[Any, ...] = ()) -> int:
        """Run a SELECT."""
        if not statement.startswith("SELECT COUNT(*)"):
            self.noted.append((statement, values))
        return int(self._cursor.execute(statement, values))

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        return self._cursor.fetchone()

    def fetchall(self) -> Any:
        """Return the remaining rows."""
        return self._cursor.fetchall()


def selects(url: str, query: Callable[[QueryCursor], object]) -> Sequence[Statement]:
    """Return the SELECTs that answer a query."""
    connection = connect(url, for_queries=True)
    noting = Noting(RowsByName(connection))
    query(noting)
    connection.close()
    return noting.noted


def bare(connection: Any, statements: Sequence[Statement]) -> str:
    """Return the rows as JSON, as one would write it by hand."""
    with connection.cursor(DictCursor) as cursor:
        answer = []
        for statement, values in statements:
            cursor.execute(statement, values)
            answer.append(cursor.fetchall())
    return json.dumps(answer, default=str)
