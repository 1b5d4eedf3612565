"""mariadbd killed with -9 at random moments, and started again: in the end both sides agree, row by row.

These tests start servers of their own, which commit to disk.
"""

import gzip
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from chalicelib.bootstrap import MIGRATIONS
from chalicelib.core.mysql.migrate import migrate
from demo.seed.__main__ import SAMPLE
from local import ROOT
from local.mariadb import MariaDB, with_database
from local.ports import free_port, wait_until
from tests.core.faults.form import form
from tests.core.faults.whole import NOT_YET, Load, agree
from tests.support.running import Run
from tests.support.stack import Stack, started
from tests.support.stores import fresh_tables

LINES = form(1000, 4000)
SEEDING_KILLS = form(2, 4)  # the local stack gives up at more deaths than five a minute
KILLS = form(3, 50)
BETWEEN_SECONDS = (0.5, 5.0)


def python(run: Run, *arguments: str) -> "subprocess.Popen[str]":
    """A program of ours beside that stack."""
    env = {name: value for name, value in os.environ.items() if not name.endswith("DATABASE_URL")}
    env |= {name: str(port) for name, port in run.ports.items()} | {"LOCAL_STATE": str(run.folder)}
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=env,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def kill_now_and_then(run: Run, loading: "subprocess.Popen[str]") -> int:
    """Kill mariadbd again and again while the loader runs; how often."""
    kills = 0
    while kills < SEEDING_KILLS and loading.poll() is None:
        time.sleep(2.5)
        before = run.mysql_pid()
        os.kill(before, signal.SIGKILL)
        kills += 1
        assert wait_until(lambda before=before: run.mysql_pid() != before, 60)
    return kills


def test_killed_while_seeding(run: Run, tmp_path: Path) -> None:
    """The loader ends well, `verify` finds no difference, and the reports equal the file to the penny."""
    file = tmp_path / "part.csv"
    with gzip.open(SAMPLE, "rt") as sample:
        file.write_text("".join(islice(sample, LINES)))
    run.start().ready()
    loading = python(run, "demo.seed", str(file))
    kills = kill_now_and_then(run, loading)
    output = loading.communicate(timeout=240)[0]
    assert loading.returncode == 0, output
    assert kills >= 1, output

    assert wait_until(lambda: verified(run), 60), "verify still finds differences"
    expected = python(run, "tests.shop.seed.sales_from_csv", str(file)).communicate(timeout=60)[0]
    compared = python(run, "demo.check_sales")
    report = compared.communicate(expected, timeout=120)[0]
    assert compared.returncode == 0, report


def verified(run: Run) -> bool:
    """Whether write model, read model and summaries agree."""
    checking = python(run, "ops", "verify")
    checking.communicate(timeout=120)
    return checking.returncode == 0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MariaDB]:
    """A server that may be killed."""
    server = MariaDB(tmp_path / "mariadb", free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def killable(ministack: str, server: MariaDB, tmp_path: Path) -> Iterator[Stack]:
    """A whole stack on that server."""
    url = with_database(server.server_url, "tributary")
    migrate(url, MIGRATIONS)
    with fresh_tables(ministack) as tables, started(tables, url, tmp_path / "stack") as stack:
        yield stack


def test_killed_under_load(killable: Stack, server: MariaDB, record_property: Callable[[str, object], None]) -> None:
    """Commands never notice, queries answer 503 meanwhile; in the end all agrees, the timeline too."""
    chance = random.Random(12)
    seconds = (sum(BETWEEN_SECONDS) / 2 + 2) * KILLS
    with Load(killable, "--queries", "30", "--one-server", rate=30, seconds=seconds) as loading:
        loading.begun()
        for _ in range(KILLS):
            time.sleep(chance.uniform(*BETWEEN_SECONDS))
            server.child.kill()
            time.sleep(chance.uniform(0, 1))
            server.start()
        assert loading.running, "the load ended before the last kill"
        record_property("kills", KILLS)
        report = loading.report(seconds + 180, record_property)
    assert "unavailable" not in report["errors"]["commands"]
    assert set(report["errors"]["queries"]) <= NOT_YET | {"unavailable"}
    agree(killable)
