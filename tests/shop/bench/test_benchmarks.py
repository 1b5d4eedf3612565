"""Every benchmark runs to its end in a short form. The short forms measure nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("own_servers")]

SHORT = {
    "projector": ["--orders", "60", "--batch", "30", "--rounds", "1"],
    "verify": ["--orders", "60", "--segments", "2", "--rounds", "1"],
    "rebuild": ["--orders", "60", "--segments", "2"],
    "search": ["--orders", "2000", "--hostile", "2", "--seconds", "1"],
    "buckets": ["--projectors", "2", "--orders", "10", "--batches", "5", "--rounds", "1"],
}


def test_all_have_a_short_form(repository: Path) -> None:
    """A benchmark is a module of bench/ that can be started; each is run below."""
    started = {path.stem for path in (repository / "bench").glob("*.py") if "__main__" in path.read_text()}
    assert started == SHORT.keys()


@pytest.mark.parametrize("name", SHORT)
def test_runs_to_its_end(name: str, repository: Path) -> None:
    """It ends with success and prints figures."""
    command = [sys.executable, "-m", f"bench.{name}", *SHORT[name]]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()
