"""Stacks as `make run` starts them. Tests share them if they leave them unchanged."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from local.ports import is_free
from ops.running_stack import FILE
from tests.support.client import Client
from tests.support.domain import NEUTRAL
from tests.support.running import Run
from tests.support.waiting import eventually

NAME = "Ada's"


class Kept(NamedTuple):
    """The remains of a stack that was stopped by Ctrl-C after an account was opened.

    Attributes:
        folder: the folder with its data.
        code, output: its exit code and its output.
        free: whether all its ports were free at once.
    """

    folder: Path
    code: int | None
    output: str
    free: bool


def open_account(client: Client, name: str) -> dict[str, Any]:
    """Open an account whose number is its name. Return the headers of a query that shows it."""
    answer = client.post("/accounts", {"number": name.rstrip("'s"), "name": name})
    assert answer.status == 201, answer
    return {"Consistency_Token": answer.headers["consistency-token"]}


def names(client: Client, **headers: Any) -> list[str]:
    """Return the sorted names of all accounts that are shown."""
    answer = client.get("/accounts", **headers)
    assert answer.status == 200, answer
    return sorted(account["name"] for account in answer.json["items"])


@pytest.fixture(scope="package")
def kept(tmp_path_factory: pytest.TempPathFactory, own_servers: None) -> Kept:
    """Return the remains of a stopped stack, to be copied."""
    run = Run(tmp_path_factory.mktemp("kept") / "state", NEUTRAL)
    client = run.start().ready()
    assert names(client, **open_account(client, NAME)) == [NAME]  # projected before the streams are lost
    assert eventually((run.folder / FILE).exists)
    output = run.stop(signal.SIGINT)
    assert run.process is not None
    return Kept(run.folder, run.process.returncode, output, all(map(is_free, run.ports.values())))


def copied(kept: Kept, folder: Path) -> Iterator[Run]:
    """Yield a stack with a copy of the remains, not started. Stop it at the end."""
    # The server's log has 256 MB and is almost empty.
    subprocess.run(["cp", "-a", "--sparse=always", str(kept.folder), str(folder / "state")], check=True)
    run = Run(folder / "state", NEUTRAL)
    yield run
    if run.process and run.process.poll() is None:
        run.stop()


@pytest.fixture
def copy(kept: Kept, tmp_path: Path) -> Iterator[Run]:
    """Yield a stack of this test's own with such a copy, not started."""
    yield from copied(kept, tmp_path)


@pytest.fixture(scope="package")
def standing(kept: Kept, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Yield a running stack with such a copy, which a test must leave as it was."""
    for run in copied(kept, tmp_path_factory.mktemp("standing")):
        run.start().ready()
        yield run
