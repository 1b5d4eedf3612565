"""The write store unreachable while commands come in: 503, nothing half-written, and all goes on afterwards.

These tests start an embedded AWS of their own, behind a proxy that refuses, hangs and cuts.
"""

import itertools
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
from tests.core.domain.accounts.domain import HOLD_PREFIX
from tests.core.faults.form import LONG, form
from tests.core.faults.whole import LOADED, NOT_YET, Load, agree
from tests.core.things import account, legs
from tests.support.client import Answer, Client, patiently
from tests.support.domain import NEUTRAL
from tests.support.proxy import Proxy
from tests.support.stack import Stack, started
from tests.support.stores import Tables, fresh_database, fresh_tables
from tests.support.waiting import PATIENT_SECONDS

pytestmark = pytest.mark.slow

OUTAGES = form(1, 60)
TRANSFERS = form(40, 2000)
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
    with fresh_tables(server.endpoint, NEUTRAL) as tables, fresh_database(mysql_server, NEUTRAL) as url:
        by_proxy = replace(tables, endpoint=f"http://127.0.0.1:{proxy.port}")
        with started(by_proxy, url, tmp_path / "stack", **LOADED) as stack:
            yield replace(stack, tables=tables)


def whole(tables: Tables) -> None:
    """Nothing is half-written: every claim has what it is for, and every name and reference has its claim."""
    for service, kind, of in (("accounts", "name", _name), ("transfers", "reference", _reference)):
        items = {item["id"]["S"]: decode_item(item) for item in tables.items(service)}
        claims = {id: item for id, item in items.items() if id.startswith("claim#")}
        heads = {id: item for id, item in items.items() if id not in claims and id != HEARTBEAT_ID}
        claimed = {id: item["owner"] for id, item in claims.items() if id.startswith(f"claim#{kind}#")}
        assert claimed == {f"claim#{kind}#{of(item)}": id for id, item in heads.items() if of(item)}
        kept = [item["response"]["body"] for id, item in claims.items() if id.startswith("claim#key#")]
        assert {_id_in(body) for body in kept} <= heads.keys()


def _name(item: dict[str, Any]) -> str | None:
    return None if item["id"].startswith(HOLD_PREFIX) else str(item["state"]["name"]).casefold()


def _reference(transfer: dict[str, Any]) -> Any:
    return transfer["state"].get("reference")


def _id_in(body: str) -> str:
    return str(json.loads(body)["id"])


def everything(tables: Tables) -> dict[str, list[Any]]:
    """All items but the heartbeats, which nobody asked for."""
    names = tables.domain.services
    return {name: [item for item in tables.items(name) if item["id"]["S"] != HEARTBEAT_ID] for name in names}


def commands(chief: Client, source: str, target: str) -> list[Callable[[], Answer]]:
    """One of each shape: a single put, two with a claim, a transaction under a key."""
    transfer = {"legs": legs(source, target), "reference": f"ref-{source}", "owner": "usr_1"}
    return [
        lambda: chief.patch(f"/accounts/{source}", {"note": "a note"}),
        lambda: chief.post("/accounts", {"number": f"new-{source}", "name": f"New {source}"}),
        lambda: chief.post(f"/accounts/{source}/deposits", {"amount": 5, "reference": "note-1"}),
        lambda: chief.post("/transfers", transfer, Idempotency_Key=f"key-{source}"),
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
    """Every command answers 503, queries go on; asked again afterwards, each happens or has happened, once."""
    chief = distant.client("chief")
    source, target = account(chief, 100), account(chief)
    agree(distant)
    before, asked = everything(distant.tables), commands(chief, source, target)
    with away(fault, proxy, server):
        with ThreadPoolExecutor(len(asked)) as threads:
            answers = list(threads.map(lambda ask: ask(), asked))
        assert {answer.status for answer in answers} == {503}, answers
        assert {answer.problem for answer in answers} <= {"unavailable", "outcome-unknown"}
        assert all("retry-after" in answer.headers for answer in answers)
        assert chief.get(f"/accounts/{source}").json["note"] == ""
        assert chief.get("/transfers").status == 200
    if fault == "refuses":  # else what was sent waited there, and may happen now
        assert everything(distant.tables) == before
    for ask in asked:
        answer = patiently(ask)
        assert answer.status in (200, 201) or answer.problem == "duplicate", answer
    whole(distant.tables)
    agree(distant)
    assert len(chief.get("/transfers", {"account": source}).json["items"]) == 1
    shown = chief.get(f"/accounts/{source}").json
    assert (shown["note"], shown["balance"], shown["available"]) == ("a note", 105, 95)


def test_away_again_and_again_under_load(
    distant: Stack, proxy: Proxy, server: MiniStack, record_property: Callable[[str, object], None]
) -> None:
    """Commands answer 503 meanwhile and nothing worse; no promise is broken, and in the end all agrees."""
    chief, chance = distant.client("chief"), random.Random(13)
    number = account(chief)
    with Load(distant, "--queries", "20", rate=60) as loading:
        loading.begun()
        for outage in range(OUTAGES):
            fault = FAULTS[outage % len(FAULTS)]
            time.sleep(chance.uniform(0.5, 3))
            with away(fault, proxy, server):
                time.sleep(chance.uniform(*SECONDS[fault]))
                refused = chief.patch(f"/accounts/{number}", {"note": f"{outage}"})
                assert refused.problem in {"unavailable", "outcome-unknown"}, refused
        report = loading.report(record_property)
    assert set(report["errors"]["commands"]) <= {"unavailable", "outcome-unknown", "conflict", "wrong-state"}
    assert set(report["errors"]["queries"]) <= NOT_YET
    whole(distant.tables)
    agree(distant)


def test_answers_lost_at_random(distant: Stack, proxy: Proxy) -> None:
    """Writes whose answer never comes, each asked again under its key until it is there: every transfer once."""
    ended, chance = threading.Event(), random.Random(14)

    def cut() -> None:
        while not ended.wait(chance.uniform(0, 0.1)):
            proxy.cut_after(chance.randint(1, 600), answers=True)

    chief = distant.client("chief")
    source, target = account(chief, 1_000_000), account(chief)

    def request(number: int) -> str:
        body = {"legs": legs(source, target), "reference": f"R-{number}", "owner": "usr_1"}
        while True:
            answer = chief.post("/transfers", body, Idempotency_Key=f"key-{number}")
            if answer.status == 201:
                return str(answer.json["id"])
            assert answer.status == 503 or answer.problem == "conflict", answer

    ids: list[str] = []
    with ThreadPoolExecutor(CLIENTS + 1) as threads:
        cutting = threads.submit(cut)
        try:
            for first in itertools.count(0, TRANSFERS):
                ids += threads.map(request, range(first, first + TRANSFERS))
                if proxy.cuts > len(ids) / 20:
                    break
        finally:
            ended.set()
        cutting.result(PATIENT_SECONDS)
    transfers = {item["id"]["S"]: decode_item(item) for item in distant.tables.items("transfers")}
    references = {_reference(item): id for id, item in transfers.items() if "#" not in id}
    assert references == {f"R-{number}": id for number, id in enumerate(ids)}
    whole(distant.tables)
    agree(distant)
