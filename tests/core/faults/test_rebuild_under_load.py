"""`ops rebuild` runs while 200 commands a second come in, as a process that is killed with -9 at random moments.

No query fails or shows less than before, and no write is missing in the end. The actual rate is printed. Two cores that
run clients, servers and rebuild can do no more than 200 a second. So few of the commands are transfers, each of which
causes two more commands of the saga (docs/reports/rebuild-under-load.md).
"""

import json
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest

from chalicelib.core.times import utc_now
from tests.core.faults.form import form
from tests.core.faults.whole import NOT_YET, Load, agree
from tests.core.reading import query
from tests.support import commands
from tests.support.stack import Stack

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

RATE = 200
MIX = ("--transfers", "10", "--queries", "30", "--clients", "24")
SECONDS = form(8.0, 300.0)


def test_no_query_fails_and_no_write_is_missing(alone: Stack, record_property: Callable[[str, object], None]) -> None:
    """Rebuilds follow each other, each killed now and then and resumed, while clients send commands and queries."""
    chance, happened = random.Random(11), Counter[str]()
    with Load(alone, *MIX, rate=RATE) as loading:
        loading.begun()
        begun, end = utc_now(), time.monotonic() + SECONDS
        while not (happened["swapped"] and happened["killed"]) or time.monotonic() < end:
            rebuild_somehow(alone, chance, happened)
        ended = utc_now()
        record_property("rebuilds", dict(happened))
        report = loading.report(record_property)
    assert set(report["errors"]["queries"]) <= NOT_YET
    settled(alone)
    agree(alone)
    record_property("commits a second, with the saga's", commits_a_second(alone, begun, ended))
    assert query(alone.database_url, "SHOW TABLES LIKE '%\\_\\_%'") == []


def commits_a_second(stack: Stack, begun: datetime, ended: datetime) -> float:
    """Return the number of commands that wrote in that time, by the write side's own clock."""
    ((commits,),) = query(stack.database_url, f"SELECT COUNT(*) FROM timeline WHERE at BETWEEN '{begun}' AND '{ended}'")
    return round(commits / (ended - begun).total_seconds(), 1)


def rebuild_somehow(stack: Stack, chance: random.Random, happened: Counter[str]) -> None:
    """Begin a rebuild or resume it, and perhaps kill it on its way."""
    process = rebuild(stack)
    if chance.random() < 0.6:
        time.sleep(chance.uniform(0.5, 4.0))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            happened["killed"] += 1
    happened[outcome(process)] += 1


def rebuild(stack: Stack) -> "subprocess.Popen[str]":
    """Start a rebuild, or resume the one that was killed."""
    resume = ("--resume",) if query(stack.database_url, "SELECT 1 FROM generations WHERE building IS NOT NULL") else ()
    return commands.start("rebuild", "--json", *resume, env=stack.env)


def outcome(process: "subprocess.Popen[str]") -> str:
    """Check how a rebuild ended. If it did not swap, it names the reason, and the old tables stay in use."""
    out, err = process.communicate()
    if process.returncode < 0:
        return "ended by the kill"
    document = json.loads(out)
    assert "error" not in document, (document, err)
    return "swapped" if document["swapped"] else "drifting"


def settled(stack: Stack) -> None:
    """End the rebuild that the last kill may have left, and the rest of an interrupted clean-up after a swap."""
    assert outcome(rebuild(stack)) == "swapped"
