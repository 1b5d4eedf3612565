"""`make run`, whole: ports, restarts of what dies, data that is found again."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from local import ROOT
from local.ports import free_port, is_free, wait_until
from ops.running_stack import FILE
from tests.shop.reading import query
from tests.support.client import Client
from tests.support.running import Run
from tests.support.stores import fresh_database


def ada(client: Client) -> Mapping[str, Any]:
    """A customer, registered."""
    answer = client.post("/customers", {"name": "Ada", "email": "ada@example.com"})
    assert answer.status == 201, answer
    return {"Consistency_Token": answer.headers["consistency-token"], "Prefer": "wait=10"}


def ops(run: Run, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The operator's command line, told of the stack by its folder alone."""
    env = {name: value for name, value in os.environ.items() if name not in ("TABLE_PREFIX", "DATABASE_URL")}
    env |= {"LOCAL_STATE": str(run.folder)}
    command = [sys.executable, "-m", "ops", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_data_is_found_again_and_a_lost_read_model_made_anew(run: Run) -> None:
    """A second start shows what the first wrote, even where the streams and the read model are gone."""
    client = run.start().ready()
    assert client.get("/customers", **ada(client)).status == 200  # projected before the streams are lost
    assert wait_until((run.folder / FILE).exists, 30)
    assert (run.folder / FILE).stat().st_mode & 0o777 == 0o600
    for command in (("verify", "--settle", "5"), ("rebuild", "--settle", "5"), ("migrate",)):
        done = ops(run, *command)
        assert done.returncode == 0, done
    output = run.stop(signal.SIGINT)
    assert not (run.folder / FILE).exists()
    assert "No stack is running" in ops(run, "verify").stderr
    assert run.process is not None
    assert run.process.returncode == 0, output
    assert f"http://localhost:{run.ports['API_PORT']}/docs" in output
    assert all(is_free(port) for port in run.ports.values())

    client = run.start().ready()
    assert [customer["name"] for customer in client.get("/customers").json["items"]] == ["Ada"]
    duplicate = client.post("/customers", {"name": "Ada", "email": "ada@example.com"})
    assert (duplicate.status, duplicate.problem) == (409, "duplicate")
    assert "Stopped; everything is kept." in run.stop()

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


def test_data_of_an_old_layout(run: Run, mysql_server: str) -> None:
    """A database that this version cannot take over stops the start, with the command that empties it."""
    with fresh_database(mysql_server) as url:
        query(
            url, "ALTER TABLE schema_migrations DROP PRIMARY KEY, DROP COLUMN set_name, ADD PRIMARY KEY (number, name)"
        )
        output = Run(run.folder, DATABASE_URL=url).start().output()
    assert "made by Tributary 0.1.0" in output
    assert "`make reset`" in output
    assert "Traceback" not in output


def test_data_without_its_password_are_not_taken(run: Run) -> None:
    """Where the password is gone, or was never made, the start says how to begin anew."""
    run.start().ready()
    run.stop()
    password = run.folder / "mariadb" / "password"
    password.unlink()
    output = run.start().output()
    assert "has no password" in output
    assert "make reset" in output
    assert "Traceback" not in output
    assert not password.exists()
