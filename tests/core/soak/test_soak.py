"""Half an hour of mixed load with random faults: memory and connections stay flat, and in the end all agrees.

`make soak` runs it and sets SOAK_MINUTES and SOAK_REPORT. It is skipped elsewhere. It starts servers of its own.
"""

import os
import platform
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.mysql.connections import connect
from local import ROOT
from local.mariadb import MariaDB, with_database
from local.ministack import MiniStack
from local.ports import free_port
from tests.core.faults.settling import await_answers, unanswered
from tests.core.faults.whole import LOADED, Load, agree
from tests.core.soak.faults import Faults
from tests.core.soak.samples import Samples, resident_megabytes
from tests.support.domain import NEUTRAL
from tests.support.stack import Stack, started
from tests.support.stores import fresh_tables

MINUTES = float(os.environ.get("SOAK_MINUTES", "0"))
REPORT = os.environ.get("SOAK_REPORT", "")
# The load that a machine with two processors carries beside all servers, so that no backlog builds up.
COMMANDS_A_SECOND, QUERIES_A_SECOND = 15.0, 10.0
SAMPLE_SECONDS = 5.0
BETWEEN_FAULTS_SECONDS = (10.0, 40.0)

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.usefixtures("own_servers"),
    pytest.mark.slow,
    pytest.mark.skipif(not MINUTES, reason="half an hour; run it by `make soak`"),
]


class Soaked:
    """Yield a stack on servers that may be killed."""

    def __init__(self, stack: Stack, mysql: MariaDB, ministack: MiniStack) -> None:
        self.stack = stack
        self.samples = Samples()
        self.faults = Faults(mysql, ministack, random.Random(11))
        self._mysql = mysql

    def sample(self) -> None:
        """Return the memory of our processes, and the database's connections; nothing while it is away."""
        api, pump = self.stack.api.pid, self.stack.pump.pid
        assert api
        assert pump
        self.samples.add({"API, MB": resident_megabytes(api), "projector and reactor, MB": resident_megabytes(pump)})
        with suppress(Exception):  # it is away
            self.samples.add({"connections to MySQL": self._connections()})

    def _connections(self) -> int:
        connection = connect(self._mysql.server_url, connect_timeout=2, read_timeout=2)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SHOW STATUS LIKE 'Threads_connected'")
                ((_, count),) = cursor.fetchall()
                return int(count) - 1
        finally:
            connection.close()


@contextmanager
def soaked(folder: Path) -> Iterator[Soaked]:
    """Yield the started stack. Stop everything at the end."""
    mysql, ministack = MariaDB(folder / "mariadb", free_port()), MiniStack(folder / "aws", free_port(), keep=False)
    with ExitStack() as ending:
        for server in (mysql, ministack):
            server.start()
            ending.callback(server.stop)
        url = with_database(mysql.server_url, "tributary")
        NEUTRAL.migrate(url)
        tables = ending.enter_context(fresh_tables(ministack.endpoint, NEUTRAL))
        stack = ending.enter_context(started(tables, url, folder / "stack", **LOADED))
        yield Soaked(stack, mysql, ministack)


def test_soak(tmp_path: Path) -> None:
    """No promise is broken, nothing grows, nothing is lost, and nothing is left over."""
    told = dict[str, Any]()
    with soaked(tmp_path) as soak:
        begun = time.monotonic()
        load = Load(
            soak.stack,
            *("--queries", f"{QUERIES_A_SECOND}"),
            rate=COMMANDS_A_SECOND,
            seconds=MINUTES * 60,
        )
        with load:
            _strike_and_sample(soak, begun + MINUTES * 60)
            load.report(told.__setitem__)
        await_answers(soak.stack.database_url)
        agree(soak.stack)
        assert unanswered(soak.stack.tables) == []
        assert soak.stack.tables.items("dead-letters") == []
    assert "no-answer" not in told["errors"]["commands"]
    assert all(len(taken) > MINUTES for taken in soak.samples.taken.values())
    flat = {name: soak.samples.memory_is_flat(name) for name in soak.samples.taken if name.endswith("MB")}
    flat["connections to MySQL"] = soak.samples.connections_are_flat("connections to MySQL")
    assert all(flat.values()), (flat, soak.samples.as_lines())
    if REPORT:
        _write(Path(REPORT), soak, told)


def _strike_and_sample(soak: Soaked, end: float) -> None:
    """Cause faults at random moments, except in the first and the last 20 seconds. Take samples all the time."""
    chance = random.Random(12)
    next_fault = time.monotonic() + 20
    while time.monotonic() < end:
        if next_fault < time.monotonic() < end - 20:
            soak.faults.strike()
            next_fault = time.monotonic() + chance.uniform(*BETWEEN_FAULTS_SECONDS)
        soak.sample()
        time.sleep(SAMPLE_SECONDS)


def _commit() -> str:
    """Return which commit runs, as far as git knows."""
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return f"at commit {done.stdout.strip()}" if done.returncode == 0 else "at no commit"


def _write(path: Path, soak: Soaked, told: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    faults = [f"- {count} times: {name}" for name, count in sorted(soak.faults.done.items())]
    lines = [
        "# A soak",
        "",
        f"Made on {datetime.now(UTC):%Y-%m-%d} by `make soak MINUTES={MINUTES:g}`, which writes this file, "
        f"{_commit()}: "
        f"Python {platform.python_version()}, {os.cpu_count()} processors, {sys.platform}; the embedded AWS, a private "
        "mariadbd that commits to disk, the API, the projector and the reactor on one machine with the load.",
        "",
        "## Load",
        "",
        *_load_lines(told),
        "",
        "## Faults",
        "",
        *faults,
        "",
        "## What stayed flat",
        "",
        *soak.samples.as_lines(),
        "",
        "## In the end",
        "",
        "No promise was broken; every transfer has its answer; write model, read model, summaries and timeline agree"
        " (`ops verify`); there are no dead letters.",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _load_lines(told: dict[str, Any]) -> list[str]:
    """Return the load's figures about commands and queries as a table in Markdown, and the checks."""
    crews = tuple(told["offered"])
    rows = {f"{name}, a second": told[name] for name in ("offered", "achieved")}
    for problem in sorted({problem for crew in crews for problem in told["errors"][crew]}):
        rows[f"answered `{problem}`"] = {crew: told["errors"][crew].get(problem, 0) for crew in crews}
    return [
        f"| | {' | '.join(crews)} |",
        f"|---|{'--:|' * len(crews)}",
        *(f"| {name} | {' | '.join(f'{figures[crew]:,}' for crew in crews)} |" for name, figures in rows.items()),
        "",
        f"{told['checks']:,} answers were compared with what was promised. Refusals are named as in"
        " [the list of problems](../reference/problems.md); `unavailable` is the answer while the database is away.",
    ]
