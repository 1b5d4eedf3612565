"""The disk is full while the local stack serves, while it stops, and when it starts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local import LocalError, aws
from local.child import Child
from local.ministack import MiniStack
from local.ports import free_port
from tests.core.faults.disk import fill, small_disk
from tests.core.faults.full import COMMANDS, hear_until, listed, open_accounts
from tests.support.domain import NEUTRAL
from tests.support.running import Run
from tests.support.stores import fresh_database
from tests.support.waiting import eventually

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]


@pytest.fixture
def disk(tmp_path: Path, own_servers: None) -> Iterator[Path]:
    """Return a small, empty disk."""
    with small_disk(tmp_path / "disk", 24) as disk:
        yield disk


@pytest.fixture
def run(disk: Path, mysql_server: str) -> Iterator[Run]:
    """Return a stack that stores everything except its rows on that disk."""
    with fresh_database(mysql_server, NEUTRAL) as url:
        run = Run(disk / "state", NEUTRAL, DATABASE_URL=url)
        yield run
        if run.process and run.process.poll() is None:
            run.stop()


def test_serving_and_stopping_on_a_full_disk(run: Run, disk: Path) -> None:
    """Every command is answered and shown. At the end, the stack waits for room, and no acknowledged change is lost."""
    client = run.start().ready()
    assert eventually(lambda: (run.folder / "stack.json").exists())  # the whole stack runs
    filler = fill(disk)
    token = open_accounts(client)
    assert len(listed(client, Consistency_Token=token).json["items"]) == COMMANDS
    assert client.get("/nothing").status == 404

    assert run.process is not None
    run.process.terminate()
    assert "No space left on device" in hear_until(run, "Nothing is lost yet. Free disk space")
    filler.unlink()
    assert "Stopped; everything is kept." in run.output()
    assert run.process.returncode == 0

    client = run.start().ready()
    assert len(listed(client).json["items"]) == COMMANDS
    assert client.post("/accounts", {"number": "N-100", "name": "Ada 0"}).problem == "duplicate"
    assert "the read model is up to date" in run.stop()


def test_program_that_ends_on_a_full_disk(disk: Path) -> None:
    """The program cannot write its message, so the error names the disk instead of an old log's last lines."""
    log = disk / "program.log"
    log.write_text("all is well\n")
    fill(disk)
    child = Child("the program", ["false"], log)
    child.start()
    with pytest.raises(LocalError, match=r"the program ended at once .* Only 0 MB are free") as raised:
        child.await_ready(lambda: False)
    assert "all is well" not in str(raised.value)


def test_no_room_is_made(disk: Path) -> None:
    """Data that could not be stored are reported as lost. Data that were stored before are still there and complete."""
    server = MiniStack(disk / "ministack", free_port())
    server.start()
    aws.create_bucket(server.endpoint, "kept")
    server.stop()
    server.start()
    aws.create_bucket(server.endpoint, "lost")
    filler = fill(disk)
    said: list[str] = []
    with pytest.raises(LocalError, match="LOST: all writes to the tables since the last clean stop"):
        server.stop(said.append, patience=0)
    assert "No space left on device" in said[0]
    filler.unlink()
    server.start()
    assert [bucket["Name"] for bucket in aws.s3(server.endpoint).list_buckets()["Buckets"]] == ["kept"]
    server.stop()


def test_ended_alone_on_a_full_disk(disk: Path) -> None:
    """If it gets SIGTERM without a request to save first, as after a kill of the stack, the exit code tells."""
    server = MiniStack(disk / "ministack", free_port())
    server.start()
    aws.create_bucket(server.endpoint, "lost")
    fill(disk)
    server.child.stop()
    assert server.child.exit_code not in (0, None)


def test_starting_on_a_full_disk(run: Run, disk: Path) -> None:
    """The start says that there is no room, and where. It shows no traceback."""
    filler = fill(disk)
    output = run.start().output()
    assert run.process is not None
    assert run.process.returncode == 1
    assert "No space left on device" in output
    assert str(disk) in output
    assert "Traceback" not in output
    filler.unlink()
    assert "everything is kept" in run.start().ready_and_stop()
