"""A replica that lags, of a real replication: queries wait for what their token names, or say that they cannot yet.

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
from tests.shop.http.things import customer, email, order, product
from tests.support.client import Answer, Client
from tests.support.stack import Stack, started
from tests.support.stores import fresh_tables

SECONDS = form(5.0, 120.0)
DELAY_SECONDS = 1
CLIENTS = 4


class Shop(NamedTuple):
    """A whole stack that reads from a replica."""

    stack: Stack
    pair: Pair

    @property
    def admin(self) -> Client:
        """A new client, since the server ends connections that are idle for as long as some of these tests take."""
        return Client(self.stack.url, self.stack.token("admin"))


@pytest.fixture(scope="module")
def shop(ministack: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The API reads from the replica, the projector writes to the other."""
    folder = tmp_path_factory.mktemp("lagging")
    with (
        fresh_tables(ministack) as tables,
        replicated(folder) as pair,
        started(tables, pair.writer_url, folder / "stack", READ_DATABASE_URL=pair.replica_url) as stack,
    ):
        yield Shop(stack, pair)


@pytest.fixture(autouse=True)
def _caught_up(shop: Shop) -> Iterator[None]:
    """Replication is as quick as ever before each test and after it."""
    follow(shop.pair.replica, shop.pair.writer)
    catch_up(shop.pair)
    yield
    follow(shop.pair.replica, shop.pair.writer)


def stop_applying(pair: Pair) -> None:
    """The replica goes on receiving and applies nothing."""
    execute(pair.replica_url, "STOP SLAVE SQL_THREAD")


def apply_again(pair: Pair) -> None:
    """The replica applies what it has received meanwhile."""
    execute(pair.replica_url, "START SLAVE SQL_THREAD")


def renamed(admin: Client, id: str, name: str) -> str:
    """Rename a customer; the token of the change."""
    answer = admin.patch(f"/customers/{id}", {"name": name})
    assert answer.status == 200, answer
    return answer.headers["consistency-token"]


def named(admin: Client, id: str, token: str, wait: int) -> Answer:
    """The customer, as a query with that token has it."""
    return admin.get(f"/customers/{id}", Consistency_Token=token, Prefer=f"wait={wait}")


def test_waits_then_says_so_then_answers(shop: Shop) -> None:
    """503 read-model-behind within the wait asked for; never the old name as the new; and the new one in the end."""
    admin, pair = shop.admin, shop.pair
    id = customer(admin, "Old")
    first = renamed(admin, id, "Older")
    assert named(admin, id, first, 10).json["name"] == "Older"
    stop_applying(pair)
    token = renamed(admin, id, "New")
    for wait in (0, 1):
        begun = time.monotonic()
        answer = named(admin, id, token, wait)
        assert (answer.status, answer.problem) == (503, "read-model-behind")
        assert wait <= time.monotonic() - begun < wait + 3
        assert int(answer.headers["retry-after"]) >= 1
    listed = admin.get("/customers", {"limit": 1}, Consistency_Token=token, Prefer="wait=0")
    assert (listed.status, listed.problem) == (503, "read-model-behind")
    assert admin.get(f"/customers/{id}").json["name"] == "Older"  # who asks for no promise is shown what is there
    assert named(admin, id, first, 0).json["name"] == "Older"  # and so is who has been promised no more
    apply_again(pair)
    assert named(admin, id, token, 10).json["name"] == "New"


def test_a_query_that_waits_is_answered_when_the_replica_catches_up(shop: Shop) -> None:
    """In the middle of its wait, items and lists, of every service; not at the end of it."""
    admin, pair = shop.admin, shop.pair
    buyer, sku = customer(admin), product(admin)
    assert admin.post(f"/stock/{sku}/receipts", {"quantity": 1000}).status in (200, 201)
    stop_applying(pair)
    placed = admin.post("/orders", {"customer_id": buyer, "lines": [{"sku": sku, "quantity": 2}]})
    assert placed.status == 201, placed
    id, token = placed.json["id"], placed.headers["consistency-token"]
    paths = (f"/orders/{id}", f"/orders?customer={buyer}", f"/customers/{buyer}/orders", f"/orders/{id}/timeline")
    with ThreadPoolExecutor(len(paths)) as threads:
        begun = time.monotonic()
        waiting = [threads.submit(admin.get, path, Consistency_Token=token, Prefer="wait=10") for path in paths]
        time.sleep(1.5)
        assert not any(query.done() for query in waiting)
        apply_again(pair)
        answers = [query.result(30) for query in waiting]
    assert time.monotonic() - begun < 9
    assert [answer.status for answer in answers] == [200] * len(paths), answers
    assert all(id in answer.body.decode() for answer in answers[:3])
    assert "OrderPlaced" in answers[3].body.decode()


def test_never_old_data_as_new(shop: Shop) -> None:
    """Clients that change and read all the time, a second behind: each read shows the change, or says it cannot yet."""
    follow(shop.pair.replica, shop.pair.writer, DELAY_SECONDS)
    ended, answered, lock = threading.Event(), Counter[str](), threading.Lock()

    def change_and_read(number: int) -> None:
        admin = shop.admin
        buyer, sku = customer(admin, "Version 0"), product(admin)
        for version in itertools.count(1):
            if ended.is_set():
                return
            token = renamed(admin, buyer, f"Version {version}")
            shown = named(admin, buyer, token, (number + version) % 3)
            assert shown.status == 503 or shown.json["name"] == f"Version {version}", shown
            order(admin, buyer, sku)
            listed = admin.get("/orders", {"customer": buyer, "limit": 200}, Consistency_Token=token)
            assert listed.status in (200, 503), listed
            if listed.status == 200:
                assert {found["customer"]["name"] for found in listed.json["items"]} <= {f"Version {version}"}
            with lock:
                answered[shown.problem if shown.status == 503 else "shown"] += 1

    with ThreadPoolExecutor(CLIENTS) as threads:
        working = [threads.submit(change_and_read, number) for number in range(CLIENTS)]
        time.sleep(SECONDS)
        ended.set()
        for work in working:
            work.result(60)
    assert set(answered) == {"shown", "read-model-behind"}, answered


def test_no_token_is_believed_that_the_replica_cannot_check(shop: Shop) -> None:
    """A change of an aggregate that the replica has never seen: 503 and no 404, until it has."""
    admin = shop.admin
    stop_applying(shop.pair)
    made = admin.post("/customers", {"name": "Ada", "email": email()})
    path, token = made.headers["location"], made.headers["consistency-token"]
    answer = admin.get(path, Consistency_Token=token, Prefer="wait=0")
    assert (answer.status, answer.problem) == (503, "read-model-behind")
    assert admin.get(path).status == 404
    apply_again(shop.pair)
    assert admin.get(path, Consistency_Token=token, Prefer="wait=10").status == 200
