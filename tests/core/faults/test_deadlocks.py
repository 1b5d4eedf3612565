"""Deadlocks provoked on purpose, and locks that somebody keeps: batches are done again until they are through."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pymysql
import pytest
from msgspec.structs import replace

from chalicelib.core.mysql.connections import connect
from chalicelib.core.service import Head
from tests.core.faults.form import form
from tests.core.histories import fold, head, record, transfer_state
from tests.core.projecting import Projector
from tests.core.reading import base_tables, summaries
from tests.support.waiting import PATIENT_SECONDS

Make = Callable[..., Projector]
DEADLOCKS = form(30, 500)
IDS = [f"tra_{number:02}" for number in range(12)]


def versions(version: int) -> list[tuple[str, Head]]:
    """The next commit of every transfer."""
    status = ("requested", "accepted", "settled")[version % 3]
    amount = version % 7 + 1
    legs = [("A", -amount), ("B", amount)]
    return [("transfers", head(id, version, transfer_state(status, legs))) for id in IDS]


@contextmanager
def against_the_order(url: str) -> Iterator[None]:
    """Transactions that change much, so that others are the victims, and lock the same rows the other way round."""
    ended = threading.Event()

    def lock() -> None:
        connection = connect(url)
        filler = ",".join(f"('filler{number}',1,NOW(3),NOW(3))" for number in range(300))
        chance = random.Random(5)
        while not ended.is_set():
            with suppress(pymysql.err.MySQLError):  # a victim for once
                connection.query("START TRANSACTION")
                connection.query(f"INSERT INTO heartbeats VALUES {filler}")
                for id in sorted(chance.sample(IDS, 6), reverse=True):
                    connection.query(f"SELECT id FROM transfers WHERE id = '{id}' FOR UPDATE")
            connection.query("ROLLBACK")
        connection.close()

    with ThreadPoolExecutor(1) as threads:
        locking = threads.submit(lock)
        try:
            yield
        finally:
            ended.set()
        locking.result(PATIENT_SECONDS)


def test_somebody_locks_the_other_way_round(
    database: str, make_projector: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Real deadlocks, one after the other, with the projector as the victim."""
    projector, commits, deadlocks = make_projector(), versions(1), 0
    assert projector([record(*commit) for commit in commits]) == []
    with against_the_order(database):
        version = 1
        while deadlocks < DEADLOCKS:
            version += 1
            assert version < DEADLOCKS * 1000, "there was hardly a deadlock"
            commits += versions(version)
            caplog.clear()
            assert projector([record(*commit) for commit in commits[-len(IDS) :]]) == []
            deadlocks += sum("1213" in str(getattr(line, "error", "")) for line in caplog.records)
    assert not projector.dead.letters
    assert base_tables(database) == fold(commits)
    kept, sums = summaries(database)
    assert kept == sums


def test_a_lock_that_is_kept_too_long(database: str, make_projector: Make, caplog: pytest.LogCaptureFixture) -> None:
    """The wait times out within seconds (1205), long before the function would; then the batch is done again."""
    before, after = versions(1), versions(2)
    make_projector()([record(*commit) for commit in before])
    other = connect(database)
    other.query("START TRANSACTION")
    other.query(f"SELECT id FROM transfers WHERE id = '{IDS[3]}' FOR UPDATE")

    projector = make_projector()
    projector.deps = replace(projector.deps, sleep=lambda _: other.query("ROLLBACK"))
    assert projector([record(*commit) for commit in after]) == []
    other.close()
    assert any("1205" in str(getattr(line, "error", "")) for line in caplog.records)
    assert base_tables(database) == fold([*before, *after])
