"""Every benchmark runs to its end in a short form. The short forms measure nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import PATHS

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow, pytest.mark.usefixtures("own_servers")]

SHORT = {
    "search": ["--orders", "2000", "--hostile", "2", "--seconds", "1"],
    "buckets": ["--projectors", "2", "--orders", "10", "--batches", "5", "--rounds", "1"],
}


@pytest.mark.parametrize("name", PATHS)
def test_path_runs_to_its_end(name: str, repository: Path, tmp_path: Path) -> None:
    """It works, its two sides agree, and each of its rows has figures, though they mean nothing here."""
    run("bench", "--only", name, "--short", "--json", str(tmp_path / "rows.json"), repository=repository)
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert rows
    assert [row for row in rows if not row["ours"] > 0 or (row["beside"] and not row["ratio"] > 0)] == []


def test_all_have_a_short_form(repository: Path) -> None:
    """A benchmark that can be started by itself is run below."""
    started = {path.stem for path in (repository / "bench").glob("*.py") if "__main__" in path.read_text()}
    assert started - {"__main__", "rows"} == SHORT.keys()


@pytest.mark.parametrize("name", SHORT)
def test_runs_to_its_end(name: str, repository: Path) -> None:
    """It ends with success and prints figures."""
    assert run(f"bench.{name}", *SHORT[name], repository=repository).stdout.strip()


def run(module: str, *arguments: str, repository: Path) -> "subprocess.CompletedProcess[str]":
    """A benchmark that has ended with success."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done
