"""mariadbd killed with -9 while a shop's orders are loaded: the reports equal the file to the penny all the same."""

import gzip
import os
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import pytest

from demo.seed.__main__ import SAMPLE
from local import ROOT
from local.ports import wait_until
from tests.core.faults.form import form
from tests.support.running import Run
from tests.support.waiting import PATIENT_SECONDS

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

LINES = form(1000, 4000)
KILLS = form(2, 4)  # the local stack gives up at more deaths than five a minute


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
    while kills < KILLS and loading.poll() is None:
        time.sleep(2.5)
        before = run.mysql_pid()
        os.kill(before, signal.SIGKILL)
        kills += 1
        assert wait_until(lambda before=before: run.mysql_pid() != before, PATIENT_SECONDS)
    return kills


def test_killed_while_seeding(run: Run, tmp_path: Path) -> None:
    """The loader ends well, `verify` finds no difference, and the reports equal the file to the penny."""
    file = tmp_path / "part.csv"
    with gzip.open(SAMPLE, "rt") as sample:
        file.write_text("".join(islice(sample, LINES)))
    run.start().ready()
    loading = python(run, "demo.seed", str(file))
    kills = kill_now_and_then(run, loading)
    output = loading.communicate()[0]
    assert loading.returncode == 0, output
    assert kills >= 1, output

    assert wait_until(lambda: verified(run), PATIENT_SECONDS), "verify still finds differences"
    expected = python(run, "tests.shop.seed.sales_from_csv", str(file)).communicate()[0]
    compared = python(run, "demo.check_sales")
    report = compared.communicate(expected)[0]
    assert compared.returncode == 0, report


def verified(run: Run) -> bool:
    """Whether write model, read model and summaries agree."""
    checking = python(run, "ops", "verify")
    checking.communicate()
    return checking.returncode == 0
