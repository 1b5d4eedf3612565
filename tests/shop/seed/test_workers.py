"""The threads that do the work."""

import threading
from collections.abc import Iterator

import pytest

from demo.http import CommandClient
from demo.seed.workers import Workers
from tests.support.waiting import PATIENT_SECONDS


def workers(count: int, stopping: threading.Event | None = None) -> Workers:
    """Workers whose clients talk to nobody."""
    stopping = stopping or threading.Event()
    return Workers(count, lambda: CommandClient("http://localhost", "", 0, stopping), stopping)


def test_every_item_is_done_once() -> None:
    """By several threads, each with a client of its own."""
    done: list[int] = []
    clients: set[CommandClient] = set()

    def work(client: CommandClient, item: int) -> None:
        clients.add(client)
        done.append(item)

    with workers(4) as pool:
        pool.each(range(500), work)
        pool.each(range(500, 600), work)
    assert sorted(done) == list(range(600))
    assert 1 <= len(clients) <= 4


def test_the_source_is_read_no_faster_than_work_is_done() -> None:
    """While two workers are held, a source without end gives two items a worker more than they hold."""
    taken, hold, full = [], threading.Event(), threading.Event()

    def source() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            if len(taken) == 7:  # one more than fits: it is read, and then waits for a place
                full.set()
            yield number

    with workers(2) as pool:
        runner = threading.Thread(target=pool.each, args=(source(), lambda _client, _item: hold.wait()))
        runner.start()
        assert full.wait(PATIENT_SECONDS)
        assert len(taken) == 7
        hold.set()
        runner.join()
    assert len(taken) == 100


def test_the_first_error_ends_all() -> None:
    """It is raised, the rest of the items stay, and whoever waits is told to stop."""
    stopping, done = threading.Event(), []

    def work(_client: CommandClient, item: int) -> None:
        if item == 3:
            raise ValueError("the fourth")
        done.append(item)

    with pytest.raises(ValueError, match="the fourth"), workers(2, stopping) as pool:
        pool.each(range(10_000), work)
    assert stopping.is_set()
    assert len(done) < 9_999


def test_an_error_of_the_source_is_raised() -> None:
    """A file that turns out to be damaged halfway."""

    def source() -> Iterator[int]:
        yield 1
        raise OSError("damaged")

    with pytest.raises(OSError, match="damaged"), workers(2) as pool:
        pool.each(source(), lambda _client, _item: None)
