"""The shop's load sends correct commands, and no promise is broken."""

import json
import random
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from demo.load.mix import ShopMix
from local import ROOT
from local.load import Shown
from local.load.client import TimedResponse
from local.load.commanding import Commander
from local.load.ledger import Ledger
from local.load.tally import LoadTally
from tests.support.stack import Stack


@pytest.mark.parametrize(
    ("service", "answer", "shown"),
    [
        ("customers", {"id": "cus_1"}, Shown("/customers/cus_1")),
        ("inventory", {"id": "A"}, Shown("/products/A", has_version=False)),
        (
            "orders",
            {"id": "ord_1", "customer_id": "cus_1"},
            Shown("/orders/ord_1", list="/customers/cus_1/orders?limit=200"),
        ),
    ],
)
def test_where_it_is_shown(service: str, answer: Mapping[str, str], shown: Shown) -> None:
    """Stock is shown with its product, which has a version of its own. An order is in its customer's list."""
    assert ShopMix().shown(service, answer) == shown


class Shipping:
    """A client that accepts every command, and remembers its path."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TimedResponse:
        """See `Sends`."""
        del method, body, headers
        self.sent.append(path)
        return TimedResponse(200, {}, {"id": "ord_1", "version": 3, "customer_id": "cus_1"})


def test_what_was_seen_to_be_confirmed_is_shipped_once() -> None:
    """An order is shipped once, however often a list shows it. If there is none to ship, an order is placed."""
    mix, client, tally = ShopMix(), Shipping(), LoadTally()
    mix.customers.append("cus_1")
    mix.skus.append("A")
    for _ in range(2):
        mix.listed("/orders?status=confirmed&limit=50", [{"id": "ord_1"}])
    mix.listed("/orders?limit=50", [{"id": "ord_2"}])
    commander = Commander(client, mix, Ledger(), tally, random.Random(1))
    mix.ship(commander)
    mix.ship(commander)
    assert client.sent == ["/orders/ord_1/ship", "/orders"]


def test_on_a_running_stack(stack: Stack) -> None:
    """The mix's commands and queries are sent, and no promise is broken."""
    command = [sys.executable, "-m", "demo.load", "--url", stack.url, "--token", stack.token("admin"), "--json"]
    command += ["--rate", "60", "--queries", "30", "--seconds", "4", "--one-server"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert (done.returncode, report["broken"], report["examples"]) == (0, 0, [])
    assert report["checks"] > 0
    assert {"commands", "queries", "place", "GET with token"} <= set(report["latencies"])
