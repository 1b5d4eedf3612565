"""Connections are lost in the middle of a statement or of its answer. Nothing is lost, and nothing is there twice."""

import itertools
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pymysql
import pytest

from chalicelib.core.mysql.connections import connect
from chalicelib.core.service import Head
from tests.core.faults.form import form
from tests.core.histories import fold, head, record, transfer_state
from tests.core.projecting import Projector
from tests.core.reading import base_tables, summaries
from tests.support.proxy import Proxy, port_of, through
from tests.support.waiting import PATIENT_SECONDS

BATCHES = form(40, 1500)
TRANSFERS = 60
STATUSES = ("requested", "accepted", "settled", "cancelled")


def batch(chance: random.Random, number: int) -> list[tuple[str, Head]]:
    """Return new transfers and the next version of some others, with about 100 KB of statements."""
    new = [f"tra_{number}_{index}" for index in range(TRANSFERS // 2)]
    old = [f"tra_{chance.randrange(number)}_{index}" for index in range(TRANSFERS // 2)] if number else []
    amount = chance.randint(1, 9)
    legs = [("A", -2 * amount), ("B", amount), ("C", amount)]
    return [
        *(transfer(id, 1, "accepted", legs, "x") for id in new),
        *(transfer(id, number + 1, chance.choice(STATUSES), legs, "y") for id in old),
    ]


def transfer(id: str, version: int, status: str, legs: Iterable[tuple[str, int]], letter: str) -> tuple[str, Head]:
    """Return a commit of a transfer whose reason is long."""
    return "transfers", head(id, version, transfer_state(status, legs, reason=letter * 400))


@pytest.fixture
def proxy(database: str) -> Iterator[Proxy]:
    """Yield a proxy to the database's server."""
    proxy = Proxy(port_of(database))
    yield proxy
    proxy.close()


@pytest.fixture
def distant(database: str, proxy: Proxy) -> Iterator[Projector]:
    """Return a projector that reaches its database through the proxy."""
    projector = Projector(through(proxy, database))
    yield projector
    projector.writer.close()


def right(url: str, commits: list[tuple[str, Head]]) -> None:
    """Check that the tables equal the fold, and the summaries equal the sums."""
    assert base_tables(url) == fold(commits)
    kept, sums = summaries(url)
    assert kept == sums


def test_cut_in_the_middle_of_statements_and_answers(database: str, proxy: Proxy, distant: Projector) -> None:
    """The connection is cut at a random byte of a batch's statements or answers, again and again."""
    chance = random.Random(7)
    commits: list[tuple[str, Head]] = []
    for number in range(BATCHES):
        new = batch(chance, number)
        commits += new
        answers = chance.random() < 0.5
        # The bytes that a batch sends and receives, including the greeting of a new connection.
        proxy.cut_after(int(10 ** chance.uniform(0, 3.5 if answers else 4.9)), answers=answers)
        assert distant([record(*commit) for commit in new]) == []
    assert proxy.cuts >= BATCHES / 3
    assert not distant.dead.letters
    right(database, commits)


def test_killed_by_the_server(database: str, make_projector: Callable[..., Projector]) -> None:
    """KILL ends the connection, or the statement that it runs, at random moments."""
    chance = random.Random(8)
    opened: list[int] = []

    def open_one() -> Any:
        connection = connect(database)
        opened.append(connection.thread_id())
        return connection

    projector = make_projector(open_one)
    commits: list[tuple[str, Head]] = []
    with killing(database, opened) as kills:
        for number in itertools.count():
            new = batch(chance, number)
            commits += new
            assert projector([record(*commit) for commit in new]) == []
            if number >= BATCHES and len(kills) > 3:
                break
    assert not projector.dead.letters
    right(database, commits)


@contextmanager
def killing(url: str, opened: list[int]) -> Iterator[list[str]]:
    """Kill the newest of those connections, or its statement, now and then. Yield what was done."""
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
        killing.result(PATIENT_SECONDS)
