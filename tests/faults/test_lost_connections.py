"""Connections lost in the middle of a statement or of its answer: nothing is lost, nothing is there twice."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pymysql
import pytest

from chalicelib.core.mysql.connections import connect
from chalicelib.core.service import Head
from tests.faults.form import form
from tests.shop.histories import fold, head, order_state, record
from tests.shop.projecting import Projector
from tests.shop.reading import base_tables, summaries
from tests.support.proxy import Proxy, port_of, through

BATCHES = form(40, 1500)
ORDERS = 60
STATUSES = ("placed", "confirmed", "shipped", "delivered")


def batch(chance: random.Random, number: int) -> list[tuple[str, Head]]:
    """New orders, and the next version of some that are there; about 100 KB of statements."""
    new = [f"ord_{number}_{index}" for index in range(ORDERS // 2)]
    old = [f"ord_{chance.randrange(number)}_{index}" for index in range(ORDERS // 2)] if number else []
    lines = [(sku, chance.randint(1, 9), 150) for sku in "ABC"]
    made = [("orders", head(id, 1, order_state("confirmed", lines, reason="x" * 400))) for id in new]
    return made + [
        ("orders", head(id, number + 1, order_state(chance.choice(STATUSES), lines, reason="y" * 400))) for id in old
    ]


@pytest.fixture
def proxy(database: str) -> Iterator[Proxy]:
    """A proxy to the database's server."""
    proxy = Proxy(port_of(database))
    yield proxy
    proxy.close()


@pytest.fixture
def distant(database: str, proxy: Proxy) -> Iterator[Projector]:
    """A projector that reaches its database by way of the proxy."""
    projector = Projector(through(proxy, database))
    yield projector
    projector.writer.close()


def right(url: str, commits: list[tuple[str, Head]]) -> None:
    """The tables are the fold, the summaries the sums."""
    assert base_tables(url) == fold(commits)
    kept, sums = summaries(url)
    assert kept == sums


def test_cut_in_the_middle_of_statements_and_answers(database: str, proxy: Proxy, distant: Projector) -> None:
    """At a random byte of what a batch sends or is answered, again and again."""
    chance = random.Random(7)
    commits: list[tuple[str, Head]] = []
    for number in range(BATCHES):
        new = batch(chance, number)
        commits += new
        answers = chance.random() < 0.5
        # Up to what a batch sends, and up to what it is answered, the greeting of a new connection included.
        proxy.cut_after(int(10 ** chance.uniform(0, 3.5 if answers else 4.9)), answers=answers)
        assert distant([record(*commit) for commit in new]) == []
    assert proxy.cuts >= BATCHES / 3
    assert not distant.dead.letters
    right(database, commits)


def test_killed_by_the_server(database: str, make_projector: Callable[..., Projector]) -> None:
    """KILL of the connection, or of the statement that it runs, at random moments."""
    chance = random.Random(8)
    opened: list[int] = []

    def open_one() -> Any:
        connection = connect(database)
        opened.append(connection.thread_id())
        return connection

    projector = make_projector(open_one)
    commits: list[tuple[str, Head]] = []
    with killing(database, opened) as kills:
        for number in range(BATCHES):
            new = batch(chance, number)
            commits += new
            assert projector([record(*commit) for commit in new]) == []
    assert len(kills) > 3
    assert not projector.dead.letters
    right(database, commits)


@contextmanager
def killing(url: str, opened: list[int]) -> Iterator[list[str]]:
    """Kill the newest of those connections, or its statement, now and then; yields what was done."""
    ended, kills, chance = threading.Event(), list[str](), random.Random(9)

    def kill() -> None:
        connection = connect(url)
        while not ended.wait(chance.uniform(0, 0.06)):
            if opened:
                what = chance.choice([f"KILL {opened[-1]}", f"KILL QUERY {opened[-1]}"])
                with suppress(pymysql.err.MySQLError):  # it is gone already
                    connection.query(what)
                    kills.append(what)
        connection.close()

    with ThreadPoolExecutor(1) as threads:
        killing = threads.submit(kill)
        try:
            yield kills
        finally:
            ended.set()
        killing.result(30)
