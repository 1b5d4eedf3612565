"""`ops rebuild` while 200 commands a second come in, as a process that is killed -9 at random moments.

No query fails or shows less than before, and no write is missing in the end. The rate that was achieved is printed. For
two cores that carry clients, servers and rebuild, 200 a second is all they have, so few of the commands are orders,
each of which is three with the saga's own (docs/reports/rebuild-under-load.md).
"""

import json
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from chalicelib.core.times import utc_now
from tests.core.faults.form import form
from tests.core.faults.whole import NOT_YET, Load, agree, ops
from tests.shop.reading import query
from tests.support.stack import Stack

RATE = 200
MIX = ("--orders", "10", "--queries", "30", "--clients", "24", "--one-server")
SECONDS = form(15.0, 300.0)
SLOWEST = 120.0


def test_no_query_fails_and_no_write_is_missing(alone: Stack, record_property: Callable[[str, object], None]) -> None:
    """One rebuild after the other, each killed now and then and resumed, while clients command and query."""
    chance, happened = random.Random(11), Counter[str]()
    with Load(alone, *MIX, rate=RATE, seconds=SECONDS) as loading:
        loading.begun()
        begun = utc_now()
        while loading.running:
            ended = utc_now()
            rebuild_somehow(alone, chance, happened)
        record_property("rebuilds", dict(happened))
        report = loading.report(SLOWEST, record_property)
    assert happened["swapped"] >= 1
    assert happened["killed"] >= 1
    assert set(report["errors"]["queries"]) <= NOT_YET
    settled(alone)
    agree(alone)
    record_property("commits a second, with the saga's", commits_a_second(alone, begun, ended))
    assert query(alone.database_url, "SHOW TABLES LIKE '%\\_\\_%'") == []


def commits_a_second(stack: Stack, begun: datetime, ended: datetime) -> float:
    """How many commands wrote something in that time, by the write side's own clock; what came later does not count."""
    ((commits,),) = query(stack.database_url, f"SELECT COUNT(*) FROM timeline WHERE at BETWEEN '{begun}' AND '{ended}'")
    return round(commits / (ended - begun).total_seconds(), 1)


def rebuild_somehow(stack: Stack, chance: random.Random, happened: Counter[str]) -> None:
    """One step towards a rebuild: begin it or go on with it, and perhaps kill it on its way."""
    arguments = ("--resume",) if under_way(stack) else ()
    process = ops(stack, "rebuild", "--json", *arguments)
    if chance.random() < 0.6:
        time.sleep(chance.uniform(0.5, 6.0))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            happened["killed"] += 1
    happened[outcome(process)] += 1


def under_way(stack: Stack) -> bool:
    """Whether a rebuild was begun and not ended."""
    return bool(query(stack.database_url, "SELECT 1 FROM generations WHERE building IS NOT NULL"))


def outcome(process: "subprocess.Popen[str]") -> str:
    """How a rebuild ended; whatever is not a swap names its reason, and the old tables serve on."""
    out, err = process.communicate(timeout=SLOWEST)
    if process.returncode < 0:
        return "ended by the kill"
    document = json.loads(out)
    assert "error" not in document, (document, err)
    return "swapped" if document["swapped"] else "drifting"


def settled(stack: Stack) -> None:
    """End the rebuild that the last kill may have left, and what a kill within a swap's cleaning may have."""
    assert outcome(ops(stack, "rebuild", "--json", *(["--resume"] if under_way(stack) else []))) == "swapped"
