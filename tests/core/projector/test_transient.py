"""Temporary errors are retried within the available time. Then the batch fails from its first record."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pymysql
import pytest

from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector.failures import Verdict, verdict
from chalicelib.core.service import Head
from chalicelib.core.streams.poison import Poisonous
from tests.core.gates import Gate, gated, once
from tests.core.histories import fold, head, record, sequence_of, transfer_state
from tests.core.projecting import Projector
from tests.core.reading import base_tables, query, summaries, until_waiting_for_a_lock
from tests.support.waiting import PATIENT_SECONDS

pytestmark = pytest.mark.database

Make = Callable[..., Projector]


def transfer(id: str, version: int = 1, status: str = "accepted") -> tuple[str, Head]:
    """Return a commit of a transfer."""
    return "transfers", head(id, version, transfer_state(status))


COMMITS = [transfer("tra_1"), transfer("tra_2")]


def check(url: str) -> None:
    """Check that COMMITS are there, once."""
    assert base_tables(url) == fold(COMMITS)
    kept, sums = summaries(url)
    assert kept == sums


@pytest.mark.parametrize("statement", ["START", "INSERT INTO transfers", "INSERT INTO owner_activity", "COMMIT"])
def test_a_killed_connection(database: str, make_projector: Make, statement: str, logged: list[dict[str, Any]]) -> None:
    """After a KILL before any statement, the projector reconnects, repeats the batch, and counts that."""

    def kill(gate: Gate) -> None:
        query(database, f"KILL {gate.real.thread_id()}")

    hook = once(statement, kill)
    projector = make_projector(gated(database, hook))
    assert projector([record(*commit) for commit in COMMITS]) == []
    check(database)
    assert not projector.dead.letters
    assert (logged[-1]["ProjectorRetries"], logged[-1]["AggregatesWritten"]) == (1, len(COMMITS))


def test_a_commit_whose_answer_is_lost(database: str, make_projector: Make) -> None:
    """The commit succeeded and its answer was lost: the repetition changes nothing."""

    def commit_and_lose(gate: Gate) -> None:
        gate.real.query("COMMIT")
        gate.real._force_close()

    hook = once("COMMIT", commit_and_lose)
    projector = make_projector(gated(database, hook))
    assert projector([record(*commit) for commit in COMMITS]) == []
    check(database)


def test_an_idle_connection_that_died(projector: Projector) -> None:
    """The connection that was kept from the last batch is gone, which does not affect the next batch."""
    assert projector([record(*COMMITS[0])]) == []
    kept: Any = projector.writer.connection()
    query(projector.url, f"KILL {kept.thread_id()}")
    assert projector([record(*COMMITS[1])]) == []
    check(projector.url)


def test_a_deadlock(database: str, make_projector: Make) -> None:
    """A real deadlock has the projector as its victim, since it has changed fewer rows."""
    before = [transfer("tra_1", 1, "requested"), transfer("tra_2", 1, "requested")]
    later = [transfer("tra_1", 2), transfer("tra_2", 2)]
    make_projector()([record(*commit) for commit in before])
    starts: list[str] = []
    projector = make_projector(gated(database, lambda _, statement: starts.append(statement)))
    other = connect(database)
    other.query("START TRANSACTION")
    other.query("INSERT INTO heartbeats VALUES " + ",".join(f"('filler{n}',1,NOW(3),NOW(3))" for n in range(200)))
    other.query("SELECT id FROM transfers WHERE id = 'tra_2' FOR UPDATE")
    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(projector, [record(*commit) for commit in later])
        until_waiting_for_a_lock(database)  # it has locked tra_1 by now, since it locks in the order of the keys
        other.query("SELECT id FROM transfers WHERE id = 'tra_1' FOR UPDATE")
        other.query("ROLLBACK")
        assert outcome.result(PATIENT_SECONDS) == []
    other.close()
    assert starts.count("START TRANSACTION") == 2
    assert base_tables(database) == fold([*before, *later])


def test_a_race_after_many_errors_that_passed(database: str, make_projector: Make) -> None:
    """One of ten failed attempts is a duplicate key, which is a race like any other, and no poison."""
    trouble = [pymysql.err.OperationalError(1213, "Deadlock found")] * 9
    trouble += [pymysql.err.IntegrityError(1062, "Duplicate entry")]

    def fail(_: Gate, statement: str) -> None:
        if statement.startswith("COMMIT") and trouble:
            raise trouble.pop(0)

    projector = make_projector(gated(database, fail))
    assert projector([record(*COMMITS[0])]) == []
    assert not projector.dead.letters
    assert not trouble
    assert projector([record(*COMMITS[1])]) == []
    check(database)


def test_a_server_that_is_away(database: str, make_projector: Make) -> None:
    """The third attempt to connect succeeds. Nothing is lost, and nothing is set aside."""
    refusals = iter([pymysql.err.OperationalError(2003, "no server"), OSError("no route")])

    def flaky() -> Any:
        for refusal in refusals:
            raise refusal
        return connect(database)

    projector = make_projector(flaky)
    assert projector([record(*commit) for commit in COMMITS]) == []
    check(database)


def test_a_server_that_stays_away(make_projector: Make) -> None:
    """When the time is over, the batch comes again from its first record. There are no dead letters."""

    def refuse() -> Any:
        raise pymysql.err.OperationalError(2003, "no server")

    projector = make_projector(refuse, 0)
    batch = [record(*commit) for commit in COMMITS]
    assert projector(batch) == [sequence_of(batch[0])]
    assert not projector.dead.letters


def test_a_table_that_is_missing(database: str, projector: Projector) -> None:
    """The deployment is at fault: the batch fails, and no record is set aside."""
    query(database, "RENAME TABLE transfers TO orders_away")
    try:
        batch = [record(*commit) for commit in COMMITS]
        assert projector(batch) == [sequence_of(batch[0])]
        assert not projector.dead.letters
    finally:
        query(database, "RENAME TABLE orders_away TO transfers")
    assert projector(batch) == []
    check(database)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (pymysql.err.OperationalError(2013, "lost"), Verdict.TRANSIENT),
        (pymysql.err.InterfaceError(0, ""), Verdict.TRANSIENT),
        (pymysql.err.OperationalError(1205, "lock wait"), Verdict.TRANSIENT),
        (pymysql.err.OperationalError(1213, "deadlock"), Verdict.TRANSIENT),
        (pymysql.err.OperationalError(1290, "--read-only"), Verdict.TRANSIENT),
        (pymysql.err.OperationalError(1836, "read-only mode"), Verdict.TRANSIENT),
        (pymysql.err.IntegrityError(1062, "duplicate"), Verdict.DUPLICATE),
        (pymysql.err.DataError(1406, "too long", sqlstate="22001"), Verdict.POISON),
        (pymysql.err.OperationalError(1366, "incorrect", sqlstate="HY000"), Verdict.POISON),
        (pymysql.err.OperationalError(3819, "check", sqlstate="HY000"), Verdict.POISON),
        (pymysql.err.ProgrammingError(1146, "no table", sqlstate="42S02"), Verdict.ENVIRONMENT),
        (pymysql.err.OperationalError(1364, "no default", sqlstate="HY000"), Verdict.ENVIRONMENT),
        (pymysql.err.OperationalError(1114, "table is full", sqlstate="HY000"), Verdict.ENVIRONMENT),
        (pymysql.err.InternalError("Packet sequence number wrong - got 45 expected 1"), Verdict.TRANSIENT),
        (ConnectionResetError("by peer"), Verdict.TRANSIENT),
        (TimeoutError("timed out"), Verdict.TRANSIENT),
        (OSError("too many open files"), Verdict.ENVIRONMENT),
        (MemoryError(), Verdict.ENVIRONMENT),
        (KeyError("lines"), Verdict.ENVIRONMENT),
        (Poisonous("KeyError: lines"), Verdict.POISON),
    ],
)
def test_what_an_error_means(error: Exception, expected: Verdict) -> None:
    """Each kind of error has one meaning."""
    assert verdict(error) is expected
