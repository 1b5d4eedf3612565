"""The README's tour, line by line: what it says one types, and what it says comes back."""

import hashlib
import os
import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from tests.shop.http.settling import settle
from tests.support.stack import Stack

pytestmark = pytest.mark.slow

_MARK = "--- next ---"


def steps(readme: str) -> list[tuple[str, str]]:
    """Each command of the console blocks, with what the README says it prints."""
    found: list[tuple[str, str]] = []
    for block in re.findall(r"```console\n(.*?)```", readme, re.DOTALL):
        starts = [match.start() for match in re.finditer(r"^\$ ", block, re.MULTILINE)]
        for start, end in pairwise([*starts, len(block)]):
            command, _, output = block[start + 2 : end].partition("\n")
            found.append((command, output))
    return found


@pytest.fixture
def set_up(repository: Path) -> None:
    """The tour calls make, which would make .venv anew under the tests if it were not current."""
    locked = b"".join((repository / name).read_bytes() for name in ("requirements.txt", "requirements-dev.txt"))
    found = (repository / ".venv" / "installed").read_text().split()[0]
    assert found == hashlib.sha256(locked).hexdigest(), ".venv is not what requirements.txt says; run `make setup`"


@pytest.mark.usefixtures("set_up")
def test_tour(stack: Stack, repository: Path) -> None:
    """One shell runs all of the tour, and every answer is the one shown."""
    tour = steps((repository / "README.md").read_text())
    assert len(tour) > 10
    env = {**os.environ, "LOCAL_STATE": str(stack.folder), "MAKEFLAGS": ""}
    shell = subprocess.Popen(
        ["bash"],
        cwd=repository,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with shell:
        for command, expected in tour:
            got = run(shell, command.replace("localhost:8000", stack.url))
            pattern = ".+?".join(re.escape(part) for part in expected.rstrip("\n").split("…"))
            assert re.fullmatch(pattern, got.rstrip("\n"), re.DOTALL), f"$ {command}\nexpected: {expected}\ngot: {got}"
            settle(stack)  # the moment that a person takes to type the next line


def run(shell: subprocess.Popen[str], command: str) -> str:
    """What a command prints in that shell."""
    assert shell.stdin
    assert shell.stdout
    # curl ends its output without a line break, so the mark brings one along.
    shell.stdin.write(f"{command}\nprintf '\\n{_MARK}\\n'\n")
    shell.stdin.flush()
    lines: list[str] = []
    while (line := shell.stdout.readline()) != f"{_MARK}\n":
        assert line, f"the shell ended after {lines}"
        lines.append(line)
    return "".join(lines)
