"""The load generator sends correct requests, and detects an API that breaks a promise."""

import itertools
import json
import random
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from local import ROOT
from local.load import Shown
from local.load.client import TimedResponse
from local.load.commanding import Commander
from local.load.ledger import AcknowledgedCommit, Ledger
from local.load.looking import Looker
from local.load.pace import Pace
from local.load.tally import LoadTally, latencies
from local.ports import wait_until
from tests.core.load.mix import AccountsMix
from tests.support.stack import Stack
from tests.support.waiting import PATIENT_SECONDS


class Canned:
    """A client that gives these answers, one after the other."""

    def __init__(self, *answers: TimedResponse) -> None:
        self._answers = iter(answers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TimedResponse:
        """See `Sends`."""
        del method, path, body, headers
        return next(self._answers)


def good(**body: Any) -> TimedResponse:
    """Return a success."""
    return TimedResponse(200, {"consistency-token": "t"}, body, 0.01)


def problem(status: int, code: str) -> TimedResponse:
    """Return a refusal."""
    return TimedResponse(status, {}, {"type": f"urn:accounts:problem:{code}"}, 0.01)


ACCOUNT = AcknowledgedCommit("accounts", "N-1", 3, "t", Shown("/accounts/N-1"))
TRANSFER = AcknowledgedCommit("transfers", "tra_1", 3, "t", Shown("/transfers/tra_1", list="/transfers?owner=usr_1"))


def commander(*answers: TimedResponse) -> tuple[AccountsMix, Commander, LoadTally]:
    """Return the mix, the commander and the tally of a load that knows account N-1 at version 3."""
    mix, ledger, tally = AccountsMix(), Ledger(), LoadTally()
    mix.accounts += ["N-1", "N-2"]
    ledger.acknowledge(ACCOUNT)
    chance = random.Random(1)
    chance.choice = lambda given: given[0]  # type: ignore[method-assign]
    return mix, Commander(Canned(*answers), mix, ledger, tally, chance), tally


def looker(*answers: TimedResponse) -> tuple[Looker, LoadTally]:
    """Return a reader of one server, and its tally."""
    tally = LoadTally()
    return Looker(Canned(*answers), AccountsMix(), Ledger(), tally, random.Random(1), one_server=True), tally


@pytest.mark.parametrize(
    ("answer", "broken"),
    [
        (good(id="N-1", version=4), 0),
        (good(id="N-1", version=3), 1),
        (problem(409, "conflict"), 0),
        (problem(503, "unavailable"), 0),
        (TimedResponse(0), 0),
        (problem(422, "invalid"), 1),
        (problem(500, "internal"), 1),
    ],
)
def test_what_a_command_may_answer(answer: TimedResponse, broken: int) -> None:
    """A command is answered with a newer version, or a temporary refusal. Anything else breaks a promise."""
    mix, commanding, tally = commander(answer)
    mix.note(commanding)
    assert tally.broken == broken
    assert tally.refused == (not answer.good)


def test_one_key_is_one_aggregate() -> None:
    """A transfer that is sent again under its key is the same transfer, and the answer says so."""
    first, other = good(id="tra_1", version=1, owner="usr_1"), good(id="tra_2", version=1, owner="usr_1")
    same = first._replace(headers={**first.headers, "idempotent-replayed": "true"})
    for second, broken in ((same, 0), (other, 1)):
        mix, commanding, tally = commander(first, second)
        commanding.chance.sample = lambda given, _: list(given)  # type: ignore[method-assign]
        commanding.chance.random = lambda: 0.0  # type: ignore[method-assign]  # it is sent again
        mix.request(commanding)
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
    """A query with a token shows the token's version or a newer one, or says that it cannot yet."""
    looking, tally = looker(answer)
    looking.own_write(TRANSFER)
    assert tally.broken == broken


def test_another_version_is_shown_there() -> None:
    """If an aggregate is shown with another's version, the version is not checked."""
    looking, tally = looker(good(version=2))
    looking.own_write(ACCOUNT._replace(shown=Shown("/elsewhere", has_version=False)))
    assert tally.broken == 0


def test_a_transfer_in_its_owners_list() -> None:
    """The owner's list has the transfer at its version."""
    for items, broken in (([{"id": "tra_1", "version": 3}], 0), ([{"id": "tra_1", "version": 2}], 1), ([], 1)):
        looking, tally = looker(good(items=items))
        looking.own_write_in_list(TRANSFER)
        assert tally.broken == broken


def test_never_less_than_before() -> None:
    """A server that shows an older version after a newer one, or nothing, breaks a promise."""
    for second, broken in ((good(version=5), 0), (good(version=4), 1), (problem(404, "not-found"), 1)):
        looking, tally = looker(good(version=5), second)
        looking.without_token(ACCOUNT)
        looking.without_token(ACCOUNT)
        assert tally.broken == broken


def test_pace() -> None:
    """No request is sent before it is due, and none after the end."""
    pace, begun = Pace(100, 60, threading.Event()), time.monotonic()
    moments = [time.monotonic() - begun for _ in itertools.islice(pace, 30)]
    assert all(moment >= number / 100 - 0.001 for number, moment in enumerate(moments))
    assert pace.total == 6000
    assert sum(1 for _ in Pace(1000, 0.1, threading.Event())) <= 100
    late = iter(Pace(1000, 0.1, threading.Event()))
    next(late)
    time.sleep(0.2)
    assert list(late) == []
    stopped = threading.Event()
    stopped.set()
    assert list(Pace(1000, 60, stopped)) == []


def test_percentiles() -> None:
    """Percentiles are by nearest rank, in milliseconds."""
    assert latencies([n / 1000 for n in range(1, 101)]) == (100, 50.0, 95.0, 99.0, 100.0)
    assert latencies([]) == (0, 0.0, 0.0, 0.0, 0.0)


def test_on_a_running_stack(stack: Stack) -> None:
    """Every kind of command and query is sent, no promise is broken, and the report is JSON."""
    command = [sys.executable, "-m", "tests.core.load", "--url", stack.url, "--token", stack.token("chief")]
    command += ["--rate", "60", "--queries", "30", "--seconds", "4", "--one-server"]
    done = subprocess.run([*command, "--json"], cwd=ROOT, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert (done.returncode, report["broken"], report["examples"]) == (0, 0, [])
    assert report["checks"] > 0
    assert report["offered"] == {"commands": 60.0, "queries": 30.0}
    assert {"commands", "queries", "request", "GET with token"} <= set(report["latencies"])


def test_ended_early(stack: Stack) -> None:
    """SIGTERM ends the requests. The last check and the report, here for a person, still follow."""
    command = [sys.executable, "-m", "tests.core.load", "--url", stack.url, "--token", stack.token("chief")]
    command += ["--rate", "30", "--queries", "10", "--seconds", "3600"]
    before = len(stack.tables.items("transfers"))
    loading = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert wait_until(lambda: len(stack.tables.items("transfers")) > before, PATIENT_SECONDS)
    loading.send_signal(signal.SIGTERM)
    assert "promises checked, 0 broken" in loading.communicate()[0]
    assert loading.returncode == 0


def test_without_an_api() -> None:
    """A missing API is reported in a sentence, and an invalid address at once."""
    command = [sys.executable, "-m", "tests.core.load", "--url", "ftp://127.0.0.1:1", "--token", "x"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "no address of an API" in done.stderr
    assert "Traceback" not in done.stderr
