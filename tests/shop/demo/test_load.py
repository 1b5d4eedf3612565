"""The load generator: what it sends is right, and an API that breaks a promise is found out."""

import json
import random
import subprocess
import sys
import time
from typing import Any

import pytest

from demo.load.client import TimedResponse
from demo.load.looking import Looker
from demo.load.pace import Pace
from demo.load.selling import Seller
from demo.load.shop import AcknowledgedCommit, Shop
from demo.load.tally import LoadTally, latencies
from local import ROOT
from tests.support.stack import Stack


class Canned:
    """A client that gives these answers, one after the other, and remembers what was sent."""

    def __init__(self, *answers: TimedResponse) -> None:
        self._answers = iter(answers)
        self.sent: list[tuple[str, str]] = []

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TimedResponse:
        """See `Sends`."""
        del body, headers
        self.sent.append((method, path))
        return next(self._answers)


def good(**body: Any) -> TimedResponse:
    """A success."""
    return TimedResponse(200, {"consistency-token": "t"}, body, 0.01)


def problem(status: int, code: str) -> TimedResponse:
    """A refusal."""
    return TimedResponse(status, {}, {"type": f"urn:tributary:problem:{code}"}, 0.01)


ORDER = AcknowledgedCommit("orders", "ord_1", 3, "t", "cus_1")


def seller(*answers: TimedResponse) -> tuple[Seller, LoadTally]:
    """A seller to whom customer cus_1 is known, at version 3, and its tally."""
    shop, tally = Shop(), LoadTally()
    shop.customers.append("cus_1")
    shop.skus.append("A")
    shop.acknowledge(AcknowledgedCommit("customers", "cus_1", 3, "t"))
    return Seller(Canned(*answers), shop, tally, random.Random(1)), tally


def looker(*answers: TimedResponse) -> tuple[Looker, LoadTally]:
    """A looker of one server, and its tally."""
    tally = LoadTally()
    return Looker(Canned(*answers), Shop(), tally, random.Random(1), one_server=True), tally


@pytest.mark.parametrize(
    ("answer", "broken"),
    [
        (good(id="cus_1", version=4), 0),
        (good(id="cus_1", version=3), 1),
        (problem(409, "conflict"), 0),
        (problem(503, "unavailable"), 0),
        (TimedResponse(0), 0),
        (problem(422, "invalid"), 1),
        (problem(500, "internal"), 1),
    ],
)
def test_what_a_command_may_answer(answer: TimedResponse, broken: int) -> None:
    """A newer version, or a refusal that passes; anything else breaks a promise."""
    selling, tally = seller(answer)
    selling.change_customer()
    assert tally.broken == broken
    assert tally.refused == (not answer.good)


def test_one_key_is_one_order() -> None:
    """Sent again under its key, an order is the same order and said to be; else the promise is broken."""
    first, other = good(id="ord_1", version=1), good(id="ord_2", version=1)
    same = first._replace(headers={**first.headers, "idempotent-replayed": "true"})
    for second, broken in ((same, 0), (other, 1)):
        selling, tally = seller(first, second)
        selling._chance.random = lambda: 0.0  # type: ignore[method-assign]  # it is sent again
        selling.place()
        assert tally.broken == broken


@pytest.mark.parametrize(
    ("answer", "broken"),
    [
        (good(version=3), 0),
        (good(version=4), 0),
        (good(version=2), 1),
        (problem(404, "not-found"), 1),
        (problem(503, "read-model-behind"), 0),
        (problem(500, "internal"), 1),
    ],
)
def test_what_a_token_promises(answer: TimedResponse, broken: int) -> None:
    """What it names or newer, or that it cannot be shown yet."""
    looking, tally = looker(answer)
    looking.own_write(ORDER)
    assert tally.broken == broken


def test_an_order_in_its_customers_list() -> None:
    """It is there, at its version."""
    for items, broken in (([{"id": "ord_1", "version": 3}], 0), ([{"id": "ord_1", "version": 2}], 1), ([], 1)):
        looking, tally = looker(good(items=items))
        looking.own_order_in_list(ORDER)
        assert tally.broken == broken


def test_never_less_than_before() -> None:
    """One server that shows an older version, or nothing, after a newer one."""
    item = ORDER._replace(service="customers")
    for second, broken in ((good(version=5), 0), (good(version=4), 1), (problem(404, "not-found"), 1)):
        looking, tally = looker(good(version=5), second)
        looking.without_token(item)
        looking.without_token(item)
        assert tally.broken == broken


def test_pace() -> None:
    """Evenly spread; what is late is not asked after the end."""
    begun = time.monotonic()
    assert sum(1 for _ in Pace(100, 0.3)) == 30
    assert 0.25 < time.monotonic() - begun < 2
    late = iter(Pace(1000, 0.1))
    next(late)
    time.sleep(0.2)
    assert list(late) == []


def test_percentiles() -> None:
    """Nearest rank, in milliseconds."""
    assert latencies([n / 1000 for n in range(1, 101)]) == (100, 50.0, 95.0, 99.0, 100.0)
    assert latencies([]) == (0, 0.0, 0.0, 0.0, 0.0)


def test_on_a_running_stack(stack: Stack) -> None:
    """Every kind of command and query is sent; no promise is broken; all is told as JSON and as text."""
    command = [sys.executable, "-m", "demo.load", "--url", stack.url, "--token", stack.token("admin")]
    command += ["--rate", "60", "--queries", "30", "--seconds", "4", "--one-server"]
    done = subprocess.run([*command, "--json"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    report = json.loads(done.stdout)
    assert (done.returncode, report["broken"], report["examples"]) == (0, 0, [])
    assert report["checks"] > 200
    assert report["offered"] == {"commands": 60.0, "queries": 30.0}
    assert {"place", "receive", "register", "change customer", "GET with token"} <= set(report["latencies"])
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert "promises checked, 0 broken" in told.stdout


def test_without_an_api() -> None:
    """Said in a sentence, at once where the address is none."""
    command = [sys.executable, "-m", "demo.load", "--url", "ftp://127.0.0.1:1", "--token", "x"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert "no address of an API" in done.stderr
    assert "Traceback" not in done.stderr
