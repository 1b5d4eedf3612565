"""Two projector transactions at once, stopped at the critical points."""

import random
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.core.service import Head
from tests.core.gates import Gate, gated, once
from tests.core.histories import fold, head, record, transfer_state
from tests.core.projecting import Projector
from tests.core.reading import base_tables, summaries, until_waiting_for_a_lock
from tests.support.waiting import PATIENT_SECONDS

pytestmark = pytest.mark.database

Make = Callable[..., Projector]


def transfers(*ids: str, status: str = "requested", version: int = 1) -> list[tuple[str, Head]]:
    """Return a commit of each transfer, with two legs."""
    return [("transfers", head(id, version, transfer_state(status, [("A", -300), ("B", 300)]))) for id in ids]


def records(commits: Iterable[tuple[str, Head]]) -> list[dict[str, Any]]:
    """Return their stream records."""
    return [record(*commit) for commit in commits]


def at_once(*runs: tuple[Projector, Sequence[Mapping[str, Any]]]) -> None:
    """Run each projector on its batch, each in a thread. Check that none reports a failure."""
    with ThreadPoolExecutor(len(runs)) as pool:
        for outcome in [pool.submit(projector, batch) for projector, batch in runs]:
            assert outcome.result(PATIENT_SECONDS) == []


def check(url: str, commits: Iterable[tuple[str, Head]]) -> None:
    """Check that the base tables equal the fold, and the summaries equal the sums."""
    assert base_tables(url) == fold(commits)
    kept, sums = summaries(url)
    assert kept == sums


def meeting_at(url: str, start: str, barrier: threading.Barrier, seen: list[str]) -> Callable[[], Gate]:
    """Return connections that meet at a statement, the first time. `seen` collects all statements."""
    hook = once(start, lambda _: barrier.wait(PATIENT_SECONDS))

    def watch(gate: Gate, statement: str) -> None:
        seen.append(statement)
        hook(gate, statement)

    return gated(url, watch)


def test_the_same_new_order_twice(database: str, make_projector: Make) -> None:
    """Both see no row and insert: one gets 1062, repeats its batch and finds the transfer there."""
    barrier, seen = threading.Barrier(2), list[str]()
    commits = transfers("tra_1", "tra_2", status="accepted")
    at_once(
        *(
            (make_projector(meeting_at(database, "INSERT INTO transfers", barrier, seen)), records(commits))
            for _ in "ab"
        )
    )
    check(database, commits)
    assert seen.count("START TRANSACTION") == 3


def test_two_versions_of_a_new_order(database: str, make_projector: Make) -> None:
    """Whichever inserts first, the newer version stays."""
    barrier, seen = threading.Barrier(2), list[str]()
    first, second = transfers("tra_1"), transfers("tra_1", status="accepted", version=2)
    at_once(
        *(
            (make_projector(meeting_at(database, "INSERT INTO transfers", barrier, seen)), records(batch))
            for batch in (first, second)
        )
    )
    check(database, first + second)


CHANGED = transfers("tra_1", "tra_2", status="accepted", version=2)
NEW_AND_CHANGED = [*transfers("tra_0", "tra_9", status="accepted"), *CHANGED[:1]]


@pytest.mark.parametrize("batch", [CHANGED, NEW_AND_CHANGED], ids=["changed", "new and changed"])
def test_a_batch_redelivered_while_its_first_run_commits(database: str, make_projector: Make, batch: list[Any]) -> None:
    """The second waits for the first one's lock and finds its records old: one row each, and correct summaries."""
    before = transfers("tra_1", "tra_2")
    make_projector()(records(before))
    held = threading.Event()

    def hold(_: Gate) -> None:
        held.set()
        until_waiting_for_a_lock(database)

    first = make_projector(gated(database, once("COMMIT", hold)))
    second = make_projector(gated(database, once("START TRANSACTION", lambda _: held.wait(PATIENT_SECONDS))))
    at_once((first, records(batch)), (second, records(batch)))
    check(database, before + batch)


def test_many_projectors_on_the_same_orders(database: str, make_projector: Make) -> None:
    """Four projectors at once, each with all commits in its own order and batches, produce the fold."""
    chance = random.Random(1)
    statuses = ("requested", "accepted", "settled", "cancelled")
    commits = [
        commit
        for number in range(40)
        for version, status in enumerate(statuses[: number % 4 + 1], start=1)
        for commit in transfers(f"tra_{number}", status=status, version=version)
    ]

    def work(projector: Projector) -> None:
        mixed = records(chance.sample(commits, len(commits)))
        for start in range(0, len(mixed), 7):
            assert projector(mixed[start : start + 7]) == []

    with ThreadPoolExecutor(4) as pool:
        for outcome in [pool.submit(work, make_projector()) for _ in range(4)]:
            outcome.result(PATIENT_SECONDS)
    check(database, commits)
