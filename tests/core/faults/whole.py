"""A whole stack under load: the promises to its clients, and the final contents of both sides."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from chalicelib.core.dynamodb.codec import decode_item
from chalicelib.core.service import is_head
from local import ROOT
from local.ports import wait_until
from tests.core.domain.accounts.domain import HOLD_PREFIX
from tests.core.faults.settling import come_to_rest
from tests.core.reading import query, summaries
from tests.support import commands
from tests.support.stack import Stack
from tests.support.waiting import PATIENT_SECONDS

# Answers of a query while the read model is behind: the token's commit cannot be shown, or the item is not there yet.
NOT_YET = {"read-model-behind", "not-found"}
LOADED = {"QUERY_SECONDS": "15"}
"""The environment of a stack under load: on a busy machine the server takes its time for a query."""
_UNTIL_ENDED_SECONDS = 3600.0


class Load:
    """`tests.core.load` on a stack, as a process. Used as a context manager, it is ended if the test fails.

    Args:
        stack: the stack to load.
        arguments: further options of the load.
        rate: the commands in a second.
        seconds: the duration; None for a load that runs until `report` is called.
    """

    def __init__(self, stack: Stack, *arguments: str, rate: float, seconds: float | None = None) -> None:
        self._stack = stack
        self._endless = seconds is None
        options = ("--rate", f"{rate}", "--seconds", f"{seconds or _UNTIL_ENDED_SECONDS}", "--one-server", "--json")
        whom = ("--url", stack.url, "--token", stack.token("chief"))
        self.process = program(stack, "tests.core.load", *whom, *options, *arguments)

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        if self.running:
            self.process.kill()
            self.process.wait()

    def begun(self) -> "Load":
        """Wait until the load is past its opening and requests transfers."""
        assert wait_until(lambda: self._has_requested() or not self.running, PATIENT_SECONDS, pause=0.3)
        assert self.running, self.process.communicate()
        return self

    def _has_requested(self) -> bool:
        return any(item["id"]["S"].startswith("tra_") for item in self._stack.tables.items("transfers"))

    @property
    def running(self) -> bool:
        """Return whether the load is still running."""
        return self.process.poll() is None

    def report(self, record: Callable[[str, object], None]) -> dict[str, Any]:
        """Wait for the end of the load and return its report. Fail if a promise is broken."""
        if self._endless:
            assert self.running, self.process.communicate()
            self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate()
        assert '"offered"' in out, (out, err)
        report: dict[str, Any] = json.loads(out)
        for name in ("offered", "achieved", "errors", "checks"):
            record(name, report[name])
        assert (self.process.returncode, report["broken"]) == (0, 0), (report["examples"], err)
        return report


def program(stack: Stack, module: str, *arguments: str) -> "subprocess.Popen[str]":
    """Start a module as a program for that stack."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, **stack.env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def agree(stack: Stack) -> None:
    """Wait until the read model has caught up. Check that write model, read model, summaries and timeline agree."""
    come_to_rest(stack)
    verified = commands.run("verify", "--settle", "30", "--json", env=stack.env)
    assert verified.code == 0, verified
    kept, sums = summaries(stack.database_url)
    assert kept == sums
    assert_money(stack)
    for service in stack.tables.domain.services:
        assert_timeline(stack, service)


def assert_timeline(stack: Stack, service: str) -> None:
    """Check that every commit is in the timeline, for every aggregate from its first version to its last."""
    told: dict[str, list[int]] = {}
    for id, version in query(stack.database_url, f"SELECT id, version FROM timeline WHERE service = '{service}'"):
        told.setdefault(id, []).append(version)
    versions = {
        item["id"]["S"]: int(item["version"]["N"]) for item in stack.tables.items(service) if is_head(item["id"]["S"])
    }
    gaps = {
        id: sorted(told.get(id, []))
        for id, version in versions.items()
        if sorted(told.get(id, [])) != [*range(1, version + 1)]
    }
    assert not gaps, dict(list(gaps.items())[:3])
    assert told.keys() == versions.keys()


def assert_money(stack: Stack) -> None:
    """Check that each account has its deposits and settled transfers, and that its promised money equals its holds."""
    items = {item["id"]: item.get("state", {}) for item in map(decode_item, stack.tables.items("accounts"))}
    holds = [state for id, state in items.items() if id.startswith(HOLD_PREFIX)]
    accounts = {id: state for id, state in items.items() if is_head(id) and not id.startswith(HOLD_PREFIX)}
    legs = [(hold["status"], *leg) for hold in holds for leg in hold.get("legs", {}).items()]
    moved = _sums(legs, {"settled"})
    moved.update(_deposits(stack.database_url))
    balances = {number: state.get("balance", 0) for number, state in accounts.items()}
    assert {number: moved[number] for number in accounts} == balances
    for name, sign in (("held", -1), ("expected", 1)):
        promised = _sums([(status, number, max(0, sign * amount)) for status, number, amount in legs], {"held"})
        assert {number: state.get(name, 0) for number, state in accounts.items()} == {
            number: promised[number] for number in accounts
        }
    assert all(0 <= state.get("held", 0) <= state.get("balance", 0) for state in accounts.values())


def _sums(legs: Collection[tuple[str, str, int]], statuses: Collection[str]) -> Counter[str]:
    """Return the sums of the legs of holds with such a status, by account."""
    sums: Counter[str] = Counter()
    for status, number, amount in legs:
        if status in statuses:
            sums[number] += amount
    return sums


def _deposits(url: str) -> Counter[str]:
    """Return the deposits in the timeline, by account."""
    deposits: Counter[str] = Counter()
    for number, events in query(url, "SELECT id, events FROM timeline WHERE command = 'accounts.deposit'"):
        deposits[number] += sum(event["data"]["amount"] for event in json.loads(events))
    return deposits
