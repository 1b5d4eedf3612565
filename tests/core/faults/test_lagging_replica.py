"""A real replica lags: queries wait for the commits of their tokens, or say that they cannot show them yet.

These tests start two MariaDB servers of their own.
"""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

from tests.core.faults.form import form
from tests.core.faults.servers import Pair, catch_up, execute, follow, replicated
from tests.core.faults.whole import LOADED
from tests.core.things import account, legs, transfer, unique
from tests.support.client import Answer, Client, patiently
from tests.support.domain import NEUTRAL
from tests.support.stack import Stack, started
from tests.support.stores import fresh_tables
from tests.support.waiting import PATIENT_SECONDS, eventually

pytestmark = pytest.mark.slow

SECONDS = form(3.0, 120.0)
DELAY_SECONDS = 1
CLIENTS = 4


class Lagging(NamedTuple):
    """Yield a whole stack that reads from a replica."""

    stack: Stack
    pair: Pair

    @property
    def chief(self) -> Client:
        """Return a new client, since the server ends connections that are idle as long as in some of these tests."""
        return self.stack.client("chief")


@pytest.fixture(scope="module")
def lagging(ministack: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lagging]:
    """The API reads from the replica, and the projector writes to the other server."""
    folder = tmp_path_factory.mktemp("lagging")
    with (
        fresh_tables(ministack, NEUTRAL) as tables,
        replicated(folder) as pair,
        started(tables, pair.writer_url, folder / "stack", READ_DATABASE_URL=pair.replica_url, **LOADED) as stack,
    ):
        yield Lagging(stack, pair)


@pytest.fixture(autouse=True)
def _caught_up(lagging: Lagging) -> Iterator[None]:
    """Make replication quick before each test and after it."""
    follow(lagging.pair.replica, lagging.pair.writer)
    catch_up(lagging.pair)
    yield
    follow(lagging.pair.replica, lagging.pair.writer)


def stop_applying(pair: Pair) -> None:
    """Let the replica receive changes and apply none."""
    execute(pair.replica_url, "STOP SLAVE SQL_THREAD")


def apply_again(pair: Pair) -> None:
    """Let the replica apply what it has received."""
    execute(pair.replica_url, "START SLAVE SQL_THREAD")


def renamed(chief: Client, number: str, name: str) -> str:
    """Rename an account, and return the token of the change."""
    answer = patiently(lambda: chief.patch(f"/accounts/{number}", {"name": name}))
    assert answer.status == 200, answer
    return answer.headers["consistency-token"]


def named(chief: Client, number: str, token: str, wait: int) -> Answer:
    """Return the account as a query with that token answers."""
    return chief.get(f"/accounts/{number}", Consistency_Token=token, Prefer=f"wait={wait}")


def test_waits_then_says_so_then_answers(lagging: Lagging) -> None:
    """The answer is 503 read-model-behind after the requested wait, never the old name, and in the end the new name."""
    chief, pair, word = lagging.chief, lagging.pair, unique()
    number = account(chief)
    first = renamed(chief, number, f"Older {word}")
    assert patiently(lambda: named(chief, number, first, 10)).json["name"] == f"Older {word}"
    stop_applying(pair)
    token = renamed(chief, number, f"New {word}")
    for wait in (0, 1):
        begun = time.monotonic()
        answer = named(chief, number, token, wait)
        assert (answer.status, answer.problem) == (503, "read-model-behind")
        assert time.monotonic() - begun >= wait
        assert int(answer.headers["retry-after"]) >= 1
    listed = chief.get("/accounts", {"limit": 1}, Consistency_Token=token, Prefer="wait=0")
    assert (listed.status, listed.problem) == (503, "read-model-behind")
    # A client without a token, or with an older one, gets what is there.
    assert chief.get(f"/accounts/{number}").json["name"] == f"Older {word}"
    assert named(chief, number, first, 0).json["name"] == f"Older {word}"
    apply_again(pair)
    assert patiently(lambda: named(chief, number, token, 10)).json["name"] == f"New {word}"


def test_queries_that_wait_are_answered_when_the_replica_catches_up(lagging: Lagging) -> None:
    """Items and lists of both services wait: none is shown before the replica catches up, and all are shown then."""
    chief, pair = lagging.chief, lagging.pair
    source, target, owner = account(chief, 1000), account(chief), unique().replace("-", "_")
    stop_applying(pair)
    made = chief.post("/transfers", {"legs": legs(source, target), "owner": owner})
    assert made.status == 201, made
    id, token = made.json["id"], made.headers["consistency-token"]
    paths = (f"/transfers/{id}", f"/transfers?owner={owner}", f"/transfers?account={target}", f"/accounts/{source}")
    with ThreadPoolExecutor(len(paths)) as threads:
        asked = [
            threads.submit(patiently, lambda path=path: chief.get(path, Consistency_Token=token, Prefer="wait=10"))
            for path in paths
        ]
        time.sleep(1)
        assert not any(query.done() for query in asked)
        apply_again(pair)
        answers = [query.result(PATIENT_SECONDS) for query in asked]
    assert [answer.status for answer in answers] == [200] * len(paths), answers
    assert all(id in answer.body.decode() for answer in answers[:3])


def test_never_old_data_as_new(lagging: Lagging) -> None:
    """Clients change and read all the time, a second behind. Each read shows the change, or says that it cannot yet."""
    follow(lagging.pair.replica, lagging.pair.writer, DELAY_SECONDS)
    ended, answered, lock = threading.Event(), Counter[str](), threading.Lock()
    both = {"shown", "read-model-behind"}

    def change_and_read(client: int) -> None:
        chief, word, owner = lagging.chief, unique(), unique().replace("-", "_")
        number, other = account(chief, owner=owner), account(chief, 1000)
        moved = transfer(chief, other, number)
        for version in itertools.count(1):
            if ended.is_set():
                return
            name = f"Version {version} {word}"
            token = renamed(chief, number, name)
            shown = named(chief, number, token, (client + version) % 3)
            assert shown.status == 503 or shown.json["name"] == name, shown
            listed = chief.get("/accounts", {"owner": owner}, Consistency_Token=token, Prefer="wait=1")
            assert listed.status == 503 or [found["name"] for found in listed.json["items"]] == [name], listed
            joined = chief.get(f"/transfers/{moved}", Consistency_Token=token, Prefer="wait=1")
            assert joined.status in (200, 404, 503), joined  # the token says nothing about the transfer
            if joined.status == 200:
                assert joined.json["legs"][1]["name"] == name
            with lock:
                answered[shown.problem if shown.status == 503 else "shown"] += 1

    with ThreadPoolExecutor(CLIENTS) as threads:
        working = [threads.submit(change_and_read, client) for client in range(CLIENTS)]
        time.sleep(SECONDS)
        eventually(lambda: answered.keys() >= both or any(work.done() for work in working))
        ended.set()
        for work in working:
            work.result(PATIENT_SECONDS)
    assert answered.keys() >= both, answered


def test_no_token_is_believed_that_the_replica_cannot_check(lagging: Lagging) -> None:
    """A change of an aggregate that the replica has never seen is answered with 503, and not with 404, until it has."""
    chief = lagging.chief
    stop_applying(lagging.pair)
    made = chief.post("/accounts", {"number": unique(), "name": unique()})
    path, token = made.headers["location"], made.headers["consistency-token"]
    answer = chief.get(path, Consistency_Token=token, Prefer="wait=0")
    assert (answer.status, answer.problem) == (503, "read-model-behind")
    assert chief.get(path).status == 404
    apply_again(lagging.pair)
    assert patiently(lambda: chief.get(path, Consistency_Token=token, Prefer="wait=10")).status == 200
