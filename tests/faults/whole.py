"""A whole stack under load: what was promised to its clients, and what both sides hold in the end."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from chalicelib.bootstrap import SERVICES
from chalicelib.core.dynamodb.codec import decode_item
from local import ROOT
from local.ports import wait_until
from tests.shop.http.settling import behind, unanswered
from tests.shop.reading import query, summaries
from tests.support.stack import Stack

_STUCK_SECONDS = 60.0
# What a query may answer while the read model is behind: what its token names cannot be shown, or is not there yet.
NOT_YET = {"read-model-behind", "not-found"}


def ops(stack: Stack, *arguments: str) -> "subprocess.Popen[str]":
    """Start the operator's command line for that stack."""
    return program(stack, "ops", *arguments)


def program(stack: Stack, module: str, *arguments: str) -> "subprocess.Popen[str]":
    """Start a module as a program, for that stack."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, **stack.env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Load:
    """`demo.load` on that stack, as a process; used as a context manager, it is ended when the test fails."""

    def __init__(self, stack: Stack, *arguments: str, rate: float, seconds: float) -> None:
        self._stack = stack
        whom = ("--url", stack.url, "--token", stack.token("admin"), "--json")
        self.process = program(stack, "demo.load", *whom, "--rate", f"{rate}", "--seconds", f"{seconds}", *arguments)

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        if self.running:
            self.process.kill()
            self.process.wait()

    def begun(self) -> "Load":
        """Wait until it is past its opening and places orders."""
        assert wait_until(lambda: self._has_ordered() or not self.running, 60, pause=0.3)
        return self

    def _has_ordered(self) -> bool:
        return any(item["id"]["S"].startswith("ord_") for item in self._stack.tables.items("orders"))

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def report(self, seconds: float, record: Callable[[str, object], None]) -> dict[str, Any]:
        """What it came to, once it has ended; no promise is broken."""
        out, err = self.process.communicate(timeout=seconds)
        assert '"offered"' in out, (out, err)
        report: dict[str, Any] = json.loads(out)
        for name in ("offered", "achieved", "errors", "checks"):
            record(name, report[name])
        assert (self.process.returncode, report["broken"]) == (0, 0), (report["examples"], err)
        return report


def come_to_rest(stack: Stack) -> None:
    """Wait until the saga is through and the read model has caught up, as long as it takes while there is progress."""
    least, deadline = None, time.monotonic() + _STUCK_SECONDS
    while left := [*unanswered(stack.tables), *behind(stack)]:
        if least is None or len(left) < least:
            least, deadline = len(left), time.monotonic() + _STUCK_SECONDS
        assert time.monotonic() < deadline, f"no progress any more; {len(left)} are left, such as {left[:5]}"
        time.sleep(0.3)


def agree(stack: Stack, *, skipping: Sequence[str] = ()) -> None:
    """Once the read model has caught up: write model, read model, summaries and timeline agree exactly.

    Args:
        stack: that has no load any more.
        skipping: services whose stream was lost, so that their timelines may have gaps.
    """
    come_to_rest(stack)
    verifying = ops(stack, "verify", "--settle", "30", "--json")
    out, err = verifying.communicate(timeout=600)
    assert verifying.returncode == 0, (out, err)
    kept, sums = summaries(stack.database_url)
    assert kept == sums
    assert_pieces(stack)
    for service in SERVICES:
        if service not in skipping:
            assert_timeline(stack, service)


def assert_timeline(stack: Stack, service: str) -> None:
    """Every commit is in the timeline, of every aggregate from its first version to its last."""
    told: dict[str, list[int]] = {}
    for id, version in query(stack.database_url, f"SELECT id, version FROM timeline WHERE service = '{service}'"):
        told.setdefault(id, []).append(version)
    versions = {
        item["id"]["S"]: int(item["version"]["N"])
        for item in stack.tables.items(service)
        if "version" in item and not item["id"]["S"].startswith(("claim#", "heartbeat#"))
    }
    gaps = {
        id: sorted(told.get(id, []))
        for id, version in versions.items()
        if sorted(told.get(id, [])) != [*range(1, version + 1)]
    }
    assert not gaps, dict(list(gaps.items())[:3])
    assert told.keys() == versions.keys()


def assert_pieces(stack: Stack) -> None:
    """What is promised of each product is what its orders' reservations hold, and no more than there is."""
    promised: Counter[str] = Counter()
    stock: dict[str, Any] = {}
    for item in map(decode_item, stack.tables.items("inventory")):
        if item["id"].startswith("res#"):
            if item["state"]["status"] == "reserved":
                promised.update(item["state"]["lines"])
        elif "#" not in item["id"]:
            stock[item["id"]] = item["state"]
    reserved = {sku: state.get("reserved", 0) for sku, state in stock.items()}
    assert {sku: pieces for sku, pieces in reserved.items() if pieces} == dict(promised)
    assert all(0 <= pieces <= stock[sku].get("on_hand", 0) for sku, pieces in reserved.items())
