"""The cost of searches, friendly and hostile, for each role, and the effect of hostile searches on other readers.

A private mariadbd generates the read model: that many orders with three lines each, one customer for every twenty
orders, and 4,001 products (tests/shop/queries/bulk.py). Its buffer pool has 256 MB, too few for 1,000,000 orders.
Every question is asked three times, with the time limit that a deployment has by default, and the median counts. Then
readers ask for single items and for lists: first alone, and then while ten threads ask hostile questions without a
pause. The kernel reports the server's memory (on Linux, for the private server).
"""

import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from bench.processes import megabytes
from bench.rows import Row, Size, within
from chalicelib.bootstrap import MIGRATIONS
from chalicelib.catalog.queries import ProductFilters, get_product, list_products
from chalicelib.core.errors import TooCostly
from chalicelib.core.mysql.connections import Readers, connect
from chalicelib.core.mysql.migrate import migrate
from chalicelib.core.queries.limit import DEFAULT_LIMIT_SECONDS, QueryCursor
from chalicelib.core.queries.listing import Page
from chalicelib.core.queries.snapshot import ask
from chalicelib.core.tokens import Signer
from chalicelib.customers.queries import CustomerFilters, list_customers
from chalicelib.orders.answers import OrderFilters
from chalicelib.orders.queries import get_order, list_orders
from chalicelib.reports.queries import SalesParameters, sales
from local.mariadb import MariaDB, with_database
from local.ports import free_port
from tests.shop.queries import bulk

SIGNER = Signer("a secret of at least thirty-two characters")
FRIENDLY = (
    "r12345",
    "kaleidoscope",
    "buyer777",
    "ada lantern",
    "grace red mug",
    "sku-77",
    "lantern",
    "white candle 1",
)
HOSTILE = (
    "cus cust custo custom custome customer thi thin thing sku",
    "customer thing sku example com r buyer ada",
    "thing nevermet customer",
    "ada grace alan edsger barbara donald katherine claude hedy dennis radia",
    "red white blue green pink black cream ivory silver gold lantern mug bag box holder sign cushion clock frame tray",
    "a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9",
    "r1 r2 r3 r4 r5 r6 r7 r8 r9",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27",
)
Query = Callable[[QueryCursor], Any]
TOO_COSTLY = "too costly"
_ORDER_SORTS = ("-placed_at", "-total")


class Measured(NamedTuple):
    """The time that a question took, in milliseconds, and its answer."""

    milliseconds: float
    answer: str


def rows(size: Size) -> Iterator[Row]:
    """Yield the slowest question of each role, compared with a read by primary key, and the effect on other readers."""
    seconds, hostile = size.choose(10, 1), size.choose(10, 2)
    yield from _rows(size.choose_orders(100_000, 2000), seconds, hostile)
    if size.large:
        yield from (replace(row, large=True) for row in _rows(size.choose(1_000_000, 2000), seconds, hostile))


def _rows(orders: int, seconds: int, hostile: int) -> Iterator[Row]:
    about = f"{orders:,} orders"
    with filled(orders) as (url, memory):
        pool = Readers(url)
        by_key = measure(pool, lambda cursor: get_order(cursor, "ord_00000777")).milliseconds
        for role, query in ROLES.items():
            for kind, questions in (("friendly", FRIENDLY), ("hostile", HOSTILE)):
                tell(f"{role}, {kind}")
                asked = [
                    (question, sort) for question in questions for sort in (_ORDER_SORTS if "order" in role else ("",))
                ]
                found = [show(f"{question} {sort}", measure(pool, query(question, sort))) for question, sort in asked]
                costly = sum(measured.answer == TOO_COSTLY for measured in found)
                yield Row(
                    path=f"search: {role}, {kind}",
                    size=f"{about}, slowest of {len(found)} questions, {costly} too costly",
                    ours=max(measured.milliseconds for measured in found),
                    unit="ms",
                    beside="an order by its id",
                    figure=by_key,
                    bar=within(1100 * DEFAULT_LIMIT_SECONDS),  # the limit, and a tenth for work outside of the server
                )
        tell("staff, reports of sales over all years")
        for by in ("day", "product", "customer"):
            for sort in ("key", "-amount"):
                show(f"by {by}, sorted by {sort}", measure(pool, report(by, sort)))
        alone = others(pool, 0, seconds)
        beside = others(pool, hostile, seconds)
        tell(f"the server still works on {running(url)} queries")
        yield Row(path="search: memory of the server afterwards", size=about, ours=float(memory()), unit="MB")
        yield Row(
            path=f"search: reads of others, p99, beside {hostile} hostile at once",
            size=f"{about}, {seconds} s",
            ours=beside,
            unit="ms",
            beside="the same reads alone",
            figure=alone,
        )
        pool.close()


@contextmanager
def filled(orders: int) -> Iterator[tuple[str, Callable[[], int]]]:
    """Yield the URL of a private server with so many orders, and a function that returns its memory in MB."""
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as folder:
        server = MariaDB(Path(folder), free_port(), flush=0)
        server.start()
        try:
            url = with_database(server.server_url, "tributary_bench")
            migrate(url, MIGRATIONS)
            connection = connect(url, read_timeout=3600)
            start = time.perf_counter()
            bulk.fill_large(connection, orders, orders // 20)
            tell(f"filled in {time.perf_counter() - start:.0f} s")
            connection.close()
            yield url, lambda: int(megabytes(server.child.pid, "VmRSS")) if server.child.pid else 0
        finally:
            server.stop()


def orders_of_all(q: str, sort: Any) -> Query:
    """Ask GET /orders as staff."""
    return lambda cursor: list_orders(cursor, OrderFilters(q=q, sort=sort), SIGNER)


def orders_of_one(q: str, sort: Any) -> Query:
    """Ask GET /orders as a customer who has one order of fifty."""
    return lambda cursor: list_orders(cursor, OrderFilters(q=q, sort=sort, customer=bulk.BUSY_CUSTOMER), SIGNER)


def orders_of_few(q: str, sort: Any) -> Query:
    """Ask GET /orders as a customer who has about twenty orders."""
    return lambda cursor: list_orders(cursor, OrderFilters(q=q, sort=sort, customer="cus_B77"), SIGNER)


def customers(q: str, _: str) -> Query:
    """Ask GET /customers as staff."""
    return lambda cursor: list_customers(cursor, CustomerFilters(q=q, sort="-spend"), SIGNER, "GBP")


def products(q: str, _: str) -> Query:
    """Ask GET /products as anybody."""
    return lambda cursor: list_products(cursor, ProductFilters(q=q, sort="price"), SIGNER)


def report(by: Any, sort: Any) -> Query:
    """Ask GET /reports/sales as staff."""
    parameters = SalesParameters(by=by, sort=sort, from_=date(1970, 1, 1), to=date(2026, 12, 31))
    return lambda cursor: sales(cursor, parameters, SIGNER, date(2026, 12, 31))


ROLES: dict[str, Callable[[str, Any], Query]] = {
    "staff, orders": orders_of_all,
    "the busiest customer, its orders": orders_of_one,
    "a customer, its orders": orders_of_few,
    "staff, customers": customers,
    "anybody, products": products,
}


def measure(pool: Readers, query: Query) -> Measured:
    """Ask three times, or once if the question is too costly."""
    measured = [once(pool, query)]
    if measured[0].answer == TOO_COSTLY:
        return measured[0]
    return sorted([*measured, once(pool, query), once(pool, query)])[1]


def once(pool: Readers, query: Query) -> Measured:
    """Ask once, as a route does."""
    start = time.perf_counter()
    try:
        answered = ask(pool, [], 0, {}, query, DEFAULT_LIMIT_SECONDS)
        answer = f"{len(answered.items)} items" if isinstance(answered, Page) else "one"
    except TooCostly:
        answer = TOO_COSTLY
    return Measured(1000 * (time.perf_counter() - start), answer)


def show(question: str, measured: Measured) -> Measured:
    """Print a question's figure, and return it."""
    tell(f"  {measured.milliseconds:7,.0f} ms  {measured.answer:10}  {question}")
    return measured


def tell(line: str) -> None:
    """Print text that is not a row of the table."""
    print(line, file=sys.stderr, flush=True)


def others(pool: Readers, hostile: int, seconds: int) -> float:
    """Return the wait of two readers for single items and lists, while so many threads ask hostile questions."""
    stop, waited, asked = threading.Event(), list[float](), list[str]()

    def ask_hostile(seed: int) -> None:
        choose = random.Random(seed)
        while not stop.is_set():
            query = orders_of_all(choose.choice(HOSTILE), choose.choice(("placed_at", "-total")))
            asked.append(once(pool, query).answer)

    def read(seed: int) -> None:
        choose = random.Random(seed)
        while not stop.is_set():
            sku, id = f"SKU-{choose.randrange(40)}", f"ord_{choose.randrange(100_000):08}"
            reads: tuple[Query, ...] = (
                lambda cursor: get_product(cursor, sku),  # noqa: B023 - called at once
                lambda cursor: get_order(cursor, id),  # noqa: B023
                lambda cursor: list_orders(cursor, OrderFilters(status="placed"), SIGNER),
                lambda cursor: list_products(cursor, ProductFilters(), SIGNER),
            )
            start = time.perf_counter()
            ask(pool, [], 0, {}, choose.choice(reads))
            waited.append(1000 * (time.perf_counter() - start))
            time.sleep(0.01)

    with ThreadPoolExecutor(hostile + 2) as threads:
        started = [threads.submit(ask_hostile, seed) for seed in range(hostile)]
        started += [threads.submit(read, seed) for seed in (1, 2)]
        time.sleep(seconds)
        stop.set()
        for one in started:
            one.result()
    cuts = statistics.quantiles(waited, n=100)
    tell(
        f"others, beside {hostile} hostile at once ({len(asked)} questions, {asked.count(TOO_COSTLY)} too costly):"
        f" {len(waited):,} reads, p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms, longest {max(waited):.0f} ms"
    )
    return cuts[98]


def running(url: str) -> int:
    """Return the number of queries that the server works on, without this one."""
    connection = connect(url)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM information_schema.processlist"
            " WHERE db = DATABASE() AND command = 'Query' AND id <> CONNECTION_ID()"
        )
        (count,) = cursor.fetchone() or (0,)
    connection.close()
    return int(count)
