"""The write store is unreachable while commands come in: 503, nothing half-written, and everything works afterwards.

These tests start an embedded AWS of their own, behind a proxy that refuses, hangs and cuts.
"""

import itertools
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.core.dynamodb.codec import decode_item
from chalicelib.core.service import HEARTBEAT_ID
from local.ministack import MiniStack
from tests.core.faults.form import form
from tests.core.faults.store_away import FAULTS, away, reference_of, whole
from tests.core.faults.whole import agree
from tests.core.things import account, legs
from tests.support.client import Answer, Client, patiently
from tests.support.proxy import Proxy
from tests.support.stack import Stack
from tests.support.stores import Tables
from tests.support.waiting import PATIENT_SECONDS

pytestmark = pytest.mark.slow

TRANSFERS = form(40, 2000)
CLIENTS = 6


def everything(tables: Tables) -> dict[str, list[Any]]:
    """Return all items except the heartbeats, which no request causes."""
    names = tables.domain.services
    return {name: [item for item in tables.items(name) if item["id"]["S"] != HEARTBEAT_ID] for name in names}


def commands(chief: Client, source: str, target: str) -> list[Callable[[], Answer]]:
    """Return one request of each shape: a single put, two with a claim, a transaction under a key."""
    transfer = {"legs": legs(source, target), "reference": f"ref-{source}", "owner": "usr_1"}
    return [
        lambda: chief.patch(f"/accounts/{source}", {"note": "a note"}),
        lambda: chief.post("/accounts", {"number": f"new-{source}", "name": f"New {source}"}),
        lambda: chief.post(f"/accounts/{source}/deposits", {"amount": 5, "reference": "note-1"}),
        lambda: chief.post("/transfers", transfer, Idempotency_Key=f"key-{source}"),
    ]


@pytest.mark.parametrize("fault", FAULTS)
def test_while_it_is_away(distant: Stack, store_proxy: Proxy, write_store: MiniStack, fault: str) -> None:
    """Every command answers 503, and queries work. Repeated afterwards, each command takes effect once."""
    chief = distant.client("chief")
    source, target = account(chief, 100), account(chief)
    agree(distant)
    before, asked = everything(distant.tables), commands(chief, source, target)
    with away(fault, store_proxy, write_store):
        with ThreadPoolExecutor(len(asked)) as threads:
            answers = list(threads.map(lambda ask: ask(), asked))
        assert {answer.status for answer in answers} == {503}, answers
        assert {answer.problem for answer in answers} <= {"unavailable", "outcome-unknown"}
        assert all("retry-after" in answer.headers for answer in answers)
        assert chief.get(f"/accounts/{source}").json["note"] == ""
        assert chief.get("/transfers").status == 200
    if fault == "refuses":  # otherwise a request may have waited there, and may take effect now
        assert everything(distant.tables) == before
    for ask in asked:
        answer = patiently(ask)
        assert answer.status in (200, 201) or answer.problem == "duplicate", answer
    whole(distant.tables)
    agree(distant)
    assert len(chief.get("/transfers", {"account": source}).json["items"]) == 1
    shown = chief.get(f"/accounts/{source}").json
    assert (shown["note"], shown["balance"], shown["available"]) == ("a note", 105, 95)


def test_answers_lost_at_random(distant: Stack, store_proxy: Proxy) -> None:
    """Answers of writes are lost. Each write is repeated under its key until it succeeds, and takes effect once."""
    ended, chance = threading.Event(), random.Random(14)

    def cut() -> None:
        while not ended.wait(chance.uniform(0, 0.1)):
            store_proxy.cut_after(chance.randint(1, 600), answers=True)

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
                if store_proxy.cuts > len(ids) / 20:
                    break
        finally:
            ended.set()
        cutting.result(PATIENT_SECONDS)
    transfers = {item["id"]["S"]: decode_item(item) for item in distant.tables.items("transfers")}
    references = {reference_of(item): id for id, item in transfers.items() if "#" not in id}
    assert references == {f"R-{number}": id for number, id in enumerate(ids)}
    whole(distant.tables)
    agree(distant)
