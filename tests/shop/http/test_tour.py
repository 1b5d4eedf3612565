"""The tour, line by line: its commands and their output."""

import hashlib
import os
from pathlib import Path

import pytest

from tests.shop.http.settling import settle
from tests.support.page import Shell, commands
from tests.support.stack import Stack

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]


@pytest.fixture
def set_up(repository: Path) -> None:
    """The tour calls make, which would make .venv again during the tests if it were not current."""
    locked = b"".join((repository / name).read_bytes() for name in ("requirements.txt", "requirements-dev.txt"))
    found = (repository / ".venv" / "installed").read_text().split()[0]
    assert found == hashlib.sha256(locked).hexdigest(), ".venv is not what requirements.txt says; run `make setup`"


@pytest.mark.usefixtures("set_up")
def test_tour(stack: Stack, repository: Path) -> None:
    """One shell runs the whole tour, and every answer is the one that the page shows."""
    tour = commands((repository / "docs/tour.md").read_text())
    assert len(tour) > 10
    with Shell(
        repository, {**os.environ, "LOCAL_STATE": str(stack.folder), "MAKEFLAGS": "", "MAKELEVEL": "0"}
    ) as shell:
        for command in tour:
            command = command.with_addresses({"localhost:8000": stack.url})
            got = shell.run(command.line)
            assert command.is_answered_by(got), f"$ {command.line}\nexpected: {command.output}\ngot: {got}"
            settle(stack)  # the moment that a person needs to type the next line
