"""The write store unreachable while commands come in: 503, nothing half-written, and all goes on afterwards.

These tests start an embedded AWS of their own, behind a proxy that refuses, hangs and cuts.
"""

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.dynamodb.codec import decode_item
from chalicelib.core.service import HEARTBEAT_ID
from local.ministack import MiniStack
from local.ports import free_port
from tests.core.faults.form import LONG, form
from tests.core.faults.whole import NOT_YET, Load, agree
from tests.shop.http.things import customer, product
from tests.support.client import Answer, Client
from tests.support.proxy import Proxy
from tests.support.stack import Stack, started
from tests.support.stores import Tables, fresh_database, fresh_tables

OUTAGES = form(1, 60)
ORDERS = form(40, 2000)
CLIENTS = 6
# A command tries three times, two seconds each: what is away for a shorter while is outlasted.
SECONDS = {"refuses": (2.0, 4.0), "hangs": (6.5, 9.0), "is stopped": (6.5, 9.0)}
FAULTS = [*SECONDS] if LONG else ["refuses", "is stopped"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MiniStack]:
    """An embedded AWS that may be stopped."""
    server = MiniStack(tmp_path / "ministack", free_port(), keep=False)
    server.start()
    yield server
    server.child.kill()


@pytest.fixture
def proxy(server: MiniStack) -> Iterator[Proxy]:
    """The way to it."""
    proxy = Proxy(server.port)
    yield proxy
    proxy.close()


@pytest.fixture
def distant(server: MiniStack, proxy: Proxy, mysql_server: str, tmp_path: Path) -> Iterator[Stack]:
    """A whole stack that reaches its write store and its streams by the proxy; the test itself goes straight."""
    with fresh_tables(server.endpoint) as tables, fresh_database(mysql_server) as url:
        by_proxy = replace(tables, endpoint=f"http://127.0.0.1:{proxy.port}")
        with started(by_proxy, url, tmp_path / "stack") as stack:
            yield replace(stack, tables=tables)


def whole(tables: Tables) -> None:
    """Nothing is half-written: every claim has what it is for, and every customer and reference has its claim."""
    for service, kind, of in (("customers", "email", _address), ("orders", "reference", _reference)):
        items = {item["id"]["S"]: decode_item(item) for item in tables.items(service)}
        heads = {id: item for id, item in items.items() if "#" not in id}
        claimed = {id: item["owner"] for id, item in items.items() if id.startswith(f"claim#{kind}#")}
        assert claimed == {f"claim#{kind}#{of(item)}": id for id, item in heads.items() if of(item)}
        kept = [item["response"]["body"] for id, item in items.items() if id.startswith("claim#key#")]
        assert {_id_in(body) for body in kept} <= heads.keys()


def _address(customer: dict[str, Any]) -> Any:
    return customer["state"]["email"].casefold()


def _reference(order: dict[str, Any]) -> Any:
    return order["state"].get("reference")


def _id_in(body: str) -> str:
    return str(json.loads(body)["id"])


def everything(tables: Tables) -> dict[str, list[Any]]:
    """All items but the heartbeats, which nobody asked for."""
    services = ("customers", "catalog", "inventory", "orders")
    return {name: [item for item in tables.items(name) if item["id"]["S"] != HEARTBEAT_ID] for name in services}


def commands(admin: Client, buyer: str, sku: str) -> list[Callable[[], Answer]]:
    """One of each shape: a single put, two with a claim, a transaction under a key."""
    order = {"customer_id": buyer, "lines": [{"sku": sku, "quantity": 1}], "reference": f"ref-{sku}"}
    return [
        lambda: admin.patch(f"/products/{sku}", {"price": 777}),
        lambda: admin.post("/customers", {"name": "Eve", "email": f"eve-{sku}@example.com"}),
        lambda: admin.post(f"/stock/{sku}/receipts", {"quantity": 5, "reference": "note-1"}),
        lambda: admin.post("/orders", order, Idempotency_Key=f"key-{sku}"),
    ]


@contextmanager
def away(fault: str, proxy: Proxy, server: MiniStack) -> Iterator[None]:
    """The write store cannot be reached meanwhile."""
    pid = server.child.pid
    assert pid
    begin, end = {
        "refuses": (proxy.refuse, proxy.accept),
        "hangs": (proxy.hang, proxy.go_on),
        "is stopped": (lambda: os.kill(pid, signal.SIGSTOP), lambda: os.kill(pid, signal.SIGCONT)),
    }[fault]
    begin()
    try:
        yield
    finally:
        end()


@pytest.mark.parametrize("fault", FAULTS)
def test_while_it_is_away(distant: Stack, proxy: Proxy, server: MiniStack, fault: str) -> None:
    """Every command answers 503 in time, queries go on; asked again afterwards, each happens or has happened, once."""
    admin = Client(distant.url, distant.token("admin"))
    buyer, sku = customer(admin), product(admin)
    assert admin.post(f"/stock/{sku}/receipts", {"quantity": 100}).status in (200, 201)
    agree(distant)
    before, asked = everything(distant.tables), commands(admin, buyer, sku)
    with away(fault, proxy, server):
        begun = time.monotonic()
        with ThreadPoolExecutor(len(asked)) as threads:
            answers = list(threads.map(lambda ask: ask(), asked))
        assert time.monotonic() - begun < 29
        assert {answer.status for answer in answers} == {503}, answers
        assert {answer.problem for answer in answers} <= {"unavailable", "outcome-unknown"}
        assert all("retry-after" in answer.headers for answer in answers)
        assert admin.get(f"/products/{sku}").json["price"] == 100
        assert admin.get("/orders").status == 200
    if fault == "refuses":  # else what was sent waited there, and may happen now
        assert everything(distant.tables) == before
    for ask in asked:
        answer = ask()
        assert answer.status in (200, 201) or answer.problem == "duplicate", answer
    whole(distant.tables)
    agree(distant)
    assert len(admin.get("/orders", {"customer": buyer}).json["items"]) == 1
    assert admin.get(f"/products/{sku}").json["on_hand"] == 105


def test_away_again_and_again_under_load(
    distant: Stack, proxy: Proxy, server: MiniStack, record_property: Callable[[str, object], None]
) -> None:
    """Commands answer 503 meanwhile and nothing worse; no promise is broken, and in the end all agrees."""
    chance = random.Random(13)
    seconds = 9.0 * OUTAGES
    with Load(distant, "--queries", "20", "--one-server", rate=60, seconds=seconds) as loading:
        loading.begun()
        for number in range(OUTAGES):
            fault = FAULTS[number % len(FAULTS)]
            time.sleep(chance.uniform(0.5, 3))
            with away(fault, proxy, server):
                time.sleep(chance.uniform(*SECONDS[fault]))
        report = loading.report(seconds + 240, record_property)
    refused = set(report["errors"]["commands"])
    assert refused & {"unavailable", "outcome-unknown"}
    assert refused <= {"unavailable", "outcome-unknown", "conflict", "wrong-state"}
    assert set(report["errors"]["queries"]) <= NOT_YET
    whole(distant.tables)
    agree(distant)


def test_answers_lost_at_random(distant: Stack, proxy: Proxy) -> None:
    """Writes whose answer never comes, each asked again under its key until it is there: every order once."""
    ended, chance = threading.Event(), random.Random(14)

    def cut() -> None:
        while not ended.wait(chance.uniform(0, 0.1)):
            proxy.cut_after(chance.randint(1, 600), answers=True)

    admin = Client(distant.url, distant.token("admin"))
    buyer, sku = customer(admin), product(admin)
    assert admin.post(f"/stock/{sku}/receipts", {"quantity": 1_000_000}).status in (200, 201)

    def place(number: int) -> str:
        body = {"customer_id": buyer, "lines": [{"sku": sku, "quantity": 1}], "reference": f"R-{number}"}
        while True:
            answer = admin.post("/orders", body, Idempotency_Key=f"key-{number}")
            if answer.status == 201:
                return str(answer.json["id"])
            assert answer.status == 503 or answer.problem == "conflict", answer

    with ThreadPoolExecutor(CLIENTS + 1) as threads:
        cutting = threads.submit(cut)
        try:
            ids = list(threads.map(place, range(ORDERS)))
        finally:
            ended.set()
        cutting.result(10)
    assert proxy.cuts > ORDERS / 20
    orders = {item["id"]["S"]: decode_item(item) for item in distant.tables.items("orders")}
    references = {_reference(item): id for id, item in orders.items() if "#" not in id}
    assert references == {f"R-{number}": id for number, id in enumerate(ids)}
    whole(distant.tables)
    agree(distant)
