"""`make run`, whole: ports, restarts of what dies, data that is found again."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from local import ROOT, keys
from local.ports import answers, free_port, is_free, wait_until
from tests.http.client import Client


class Run:
    """A stack under `python -m local run`, on ports and in a folder of its own."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in ("API_PORT", "MINISTACK_PORT", "MYSQL_PORT")}
        self._env = {
            **{name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "READ_DATABASE_URL")},
            **{name: str(port) for name, port in self.ports.items()},
            "LOCAL_STATE": str(folder),
            **env,
        }
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> "Run":
        """Start it; `ready` waits."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local", "run"],
            cwd=ROOT,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return self

    def ready(self) -> Client:
        """A client with an admin's token, as soon as the API answers."""
        assert self.process is not None
        assert wait_until(lambda: answers(self.ports["API_PORT"]) or self.process.poll() is not None, 90)  # type: ignore[union-attr]
        assert self.process.poll() is None, self.output()
        return Client(f"http://127.0.0.1:{self.ports['API_PORT']}", keys.issue(self.folder / "keys", "admin"))

    def stop(self, number: int = signal.SIGTERM) -> str:
        """Send a signal and wait for the end. Returns what it printed."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.output()

    def output(self) -> str:
        """What it printed, after its end."""
        assert self.process is not None
        return self.process.communicate(timeout=90)[0]

    def mysql_pid(self) -> int:
        """The process id of its mariadbd."""
        (file,) = (self.folder / "mariadb" / "data").glob("*.pid")
        return int(file.read_text())


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A stack that is not started yet."""
    stack = Run(tmp_path / "state")
    yield stack
    if stack.process and stack.process.poll() is None:
        stack.stop()


def ada(client: Client) -> Mapping[str, Any]:
    """A customer, registered."""
    answer = client.post("/customers", {"name": "Ada", "email": "ada@example.com"})
    assert answer.status == 201, answer
    return {"Consistency_Token": answer.headers["consistency-token"], "Prefer": "wait=10"}


def test_data_is_found_again_and_a_lost_read_model_made_anew(run: Run) -> None:
    """A second start shows what the first wrote, even where the streams and the read model are gone."""
    ada(run.start().ready())
    output = run.stop(signal.SIGINT)
    assert run.process is not None
    assert run.process.returncode == 0, output
    assert all(is_free(port) for port in run.ports.values())

    client = run.start().ready()
    assert [customer["name"] for customer in client.get("/customers").json["items"]] == ["Ada"]
    duplicate = client.post("/customers", {"name": "Ada", "email": "ada@example.com"})
    assert (duplicate.status, duplicate.problem) == (409, "duplicate")
    assert "nothing was lost" in run.stop()

    shutil.rmtree(run.folder / "mariadb")
    client = run.start().ready()
    assert [customer["name"] for customer in client.get("/customers").json["items"]] == ["Ada"]
    assert "caught up with 1 items" in run.stop()


def test_what_dies_is_started_again(run: Run) -> None:
    """mariadbd killed by -9 comes back by itself, and what was written meanwhile is shown in the end."""
    client = run.start().ready()
    before = run.mysql_pid()
    os.kill(before, signal.SIGKILL)
    token = ada(client)
    assert wait_until(lambda: run.mysql_pid() != before, 60)
    assert wait_until(lambda: client.get("/customers", **token).status == 200, 60)
    assert [customer["name"] for customer in client.get("/customers").json["items"]] == ["Ada"]
    assert "mariadbd died (exit code -9) and is started again" in run.stop()


@pytest.mark.parametrize("variable", ["API_PORT", "MINISTACK_PORT", "MYSQL_PORT"])
def test_taken_port_is_named(run: Run, variable: str) -> None:
    """A port that somebody else has stops the start, with the variable that chooses another."""
    with socket.create_server(("127.0.0.1", run.ports[variable])):
        output = run.start().output()
    assert f"Port {run.ports[variable]}" in output
    assert f"make run {variable}=" in output
    assert "Traceback" not in output


def test_second_stack_on_the_same_data_is_refused(run: Run, tmp_path: Path) -> None:
    """Two stacks on one folder would ruin it; the second says so."""
    run.start().ready()
    second = Run(run.folder).start().output()
    assert f"Another Tributary is using {run.folder}" in second


def test_unreachable_database_is_said(tmp_path: Path) -> None:
    """A DATABASE_URL where nobody listens stops the start, and the password is not shown."""
    output = Run(tmp_path, DATABASE_URL=f"mysql://u:secret@127.0.0.1:{free_port()}/tributary").start().output()
    assert "DATABASE_URL" in output
    assert "secret" not in output
    assert "Traceback" not in output


@pytest.mark.parametrize(("arguments", "expected"), [
    (["--role", "owner"], "ROLE must be one of customer, staff, admin"),
    (["--role", "customer"], "make token ROLE=customer SUB=cus_..."),
])  # fmt: skip
def test_token_says_what_is_wrong(tmp_path: Path, arguments: list[str], expected: str) -> None:
    """A role that does not exist, or a customer without an id, is explained."""
    done = subprocess.run(
        [sys.executable, "-m", "local", "token", *arguments],
        cwd=ROOT,
        env={**os.environ, "LOCAL_STATE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert expected in done.stderr
    assert done.stdout == ""
