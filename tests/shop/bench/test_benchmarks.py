"""Every benchmark runs to its end in a short form. The short forms measure nothing."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from shutil import which

import pytest

from bench.__main__ import FURTHER, PATHS
from local import ROOT
from tests.support.waiting import COMMAND_SECONDS

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow, pytest.mark.usefixtures("own_servers")]

# The tools that a path needs and that `make setup` does not install, with the commands that install them.
NEEDS = {"cold": (ROOT / ".venv-peers").exists, "composed": partial(which, "npm")}


@pytest.mark.parametrize("name", PATHS + FURTHER)
def test_path_runs_to_its_end(name: str, tmp_path: Path) -> None:
    """The path runs, large rows included, its two sides agree, and each row has figures, which mean nothing here."""
    if name in NEEDS and not NEEDS[name]():
        pytest.skip("needs `make bench-tools`, and Node.js with npm")
    command = [
        sys.executable,
        "-m",
        "bench",
        "--only",
        name,
        "--short",
        "--large",
        "--json",
        str(tmp_path / "rows.json"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=COMMAND_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert rows
    assert [row for row in rows if not row["ours"] > 0 or (row["beside"] and not row["ratio"] > 0)] == []


def test_every_benchmark_is_a_path() -> None:
    """Each module of bench/ with rows is measured by `make bench`, or if it is named."""
    with_rows = {path.stem for path in (ROOT / "bench").glob("*.py") if "\ndef rows(size" in path.read_text()}
    assert with_rows == {*PATHS, *FURTHER}
