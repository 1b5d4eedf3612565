"""`make run` as a whole: ports, restarts of ended programs, and data that are found again."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.core.composition_root import VARIABLE
from local import ROOT, LocalError
from local.config import Config
from local.ports import free_port
from local.stack import Stack
from ops.running_stack import FILE
from tests.core.local.conftest import NAME, Kept, names, open_account
from tests.core.reading import query
from tests.support.domain import NEUTRAL
from tests.support.running import Run
from tests.support.stores import fresh_database
from tests.support.waiting import PATIENT_SECONDS, eventually

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]


def free_ports() -> dict[str, str]:
    """Return a free port for each variable that chooses one."""
    return {name: str(free_port()) for name in ("API_PORT", "MINISTACK_PORT", "MYSQL_PORT")}


def ops(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the operator's command line, which knows the stack only by its folder."""
    told = ("TABLE_PREFIX", "DATABASE_URL", "READ_DATABASE_URL", *NEUTRAL.env)
    env = {name: value for name, value in os.environ.items() if name not in told}
    env |= {"LOCAL_STATE": str(folder)}
    command = [sys.executable, "-m", "ops", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=PATIENT_SECONDS, check=False
    )


def test_stopped(kept: Kept) -> None:
    """Ctrl-C is no error. Nothing listens any more, and no file names a running stack."""
    assert kept.code == 0
    assert "Stopped; everything is kept." in kept.output
    assert "/docs" in kept.output
    assert kept.free
    assert not (kept.folder / FILE).exists()
    assert "No stack is running" in ops(kept.folder, "verify").stderr


def test_data_is_found_again(standing: Run) -> None:
    """A second start shows what the first wrote, and the tables have its claims."""
    client = standing.ready()
    assert names(client) == [NAME]
    duplicate = client.post("/accounts", {"number": "X", "name": NAME.upper()})
    assert (duplicate.status, duplicate.problem) == (409, "duplicate")


def test_the_operators_commands_find_it_by_its_folder(standing: Run) -> None:
    """`ops` verifies, rebuilds and migrates as the stack's own users, with their rights."""
    assert eventually((standing.folder / FILE).exists)
    assert (standing.folder / FILE).stat().st_mode & 0o777 == 0o600
    for command in (("verify", "--settle", "0"), ("rebuild", "--settle", "0"), ("migrate",)):
        done = ops(standing.folder, *command)
        assert done.returncode == 0, done


def test_a_lost_read_model_is_made_anew(copy: Run) -> None:
    """A read model whose folder is gone is made again, although the streams are gone too."""
    shutil.rmtree(copy.folder / "mariadb")
    assert names(copy.start().ready()) == [NAME]
    assert "caught up with 1 items" in copy.stop()


def test_what_dies_is_started_again(copy: Run) -> None:
    """mariadbd is started again after a kill -9, and what was written meanwhile is shown in the end."""
    client = copy.start().ready()
    before = copy.mysql_pid()
    os.kill(before, signal.SIGKILL)
    token = open_account(client, "Eve")
    assert eventually(lambda: copy.mysql_pid() != before)
    assert eventually(lambda: client.get("/accounts", **token).status == 200)
    assert names(client) == [NAME, "Eve"]
    assert "mariadbd ended (exit code -9) and is started again" in copy.stop()


@pytest.mark.parametrize("variable", ["API_PORT", "MINISTACK_PORT", "MYSQL_PORT"])
def test_taken_port_is_named(variable: str, tmp_path: Path) -> None:
    """A port that is in use stops the start, which names the variable that chooses another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = {name: str(free_port()) for name in ("API_PORT", "MINISTACK_PORT", "MYSQL_PORT")} | {
            variable: str(port)
        }
        stack = Stack(Config.from_env({**ports, "LOCAL_STATE": str(tmp_path), **NEUTRAL.env}))
        with pytest.raises(LocalError, match=rf"^Port {port}, .*make run {variable}="):
            stack.start()


def test_second_stack_on_the_same_data_is_refused(standing: Run) -> None:
    """Two stacks on one folder would damage it, so the second one refuses."""
    second = Run(standing.folder, NEUTRAL).start().output()
    assert f"Another Tributary is using {standing.folder}" in second
    assert "Traceback" not in second


@pytest.mark.usefixtures("own_servers")
def test_unreachable_database_is_said(tmp_path: Path) -> None:
    """A DATABASE_URL without a server stops the start, and the password is not shown."""
    url = f"mysql://u:secret@127.0.0.1:{free_port()}/tributary"
    output = Run(tmp_path, NEUTRAL, DATABASE_URL=url).start().output()
    assert "DATABASE_URL" in output
    assert "secret" not in output
    assert "Traceback" not in output


def test_data_of_an_old_layout(mysql_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that this version cannot use stops the start, with the command that empties it."""
    monkeypatch.setenv(VARIABLE, NEUTRAL.composition_root)
    with fresh_database(mysql_server, NEUTRAL) as url:
        query(
            url, "ALTER TABLE schema_migrations DROP PRIMARY KEY, DROP COLUMN set_name, ADD PRIMARY KEY (number, name)"
        )
        config = Config.from_env({**free_ports(), "LOCAL_STATE": str(tmp_path), "DATABASE_URL": url, **NEUTRAL.env})
        stack = Stack(config)
        try:
            with pytest.raises(LocalError, match=r"made by Tributary 0.1.0.*`make reset`"):
                stack.start()
        finally:
            stack.stop()
