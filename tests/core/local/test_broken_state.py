"""Every broken file of the local stack is noticed at the start, and one line says what to do."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core.local.conftest import NAME, names, open_account
from tests.support.running import Run

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]


def cut(path: Path) -> None:
    """Leave the first half of a file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def spoil(text: bytes) -> Callable[[Path], None]:
    """Write something else into a file."""
    return lambda path: path.write_bytes(text) and None


def into_a_file(path: Path) -> None:
    """Replace a folder by a file."""
    shutil.rmtree(path)
    path.write_text("")


def into_a_folder(path: Path) -> None:
    """Replace a file by a folder."""
    path.unlink()
    path.mkdir()


BROKEN: dict[str, tuple[str, Callable[[Path], object], list[str]]] = {
    "tables, cut off": ("ministack/state/dynamodb.json", cut, ["cannot be read", "load dynamodb", "make reset"]),
    "tables, of zeros": ("ministack/state/dynamodb.json", spoil(b"\0" * 500), ["failed to load dynamodb"]),
    "tables, empty": ("ministack/state/dynamodb.json", spoil(b""), ["failed to load dynamodb"]),
    "tables, of another version": (
        "ministack/state/dynamodb.json",
        spoil(b'{"__ministack_format__": 99, "payload": {}}'),
        ["refusing to load"],
    ),
    "tables, gone": ("ministack/state/dynamodb.json", Path.unlink, ["dynamodb.json is missing", "make reset"]),
    "bucket, cut off": ("ministack/state/s3.json", cut, ["failed to load s3"]),
    "bucket, gone": ("ministack/state/s3.json", Path.unlink, ["s3.json is missing"]),
    "key, garbage": ("keys/jwt-key.pem", spoil(b"garbage"), ["jwt-key.pem", "Remove it"]),
    "key, cut off": ("keys/jwt-key.pem", cut, ["jwt-key.pem", "Remove it"]),
    "token secret, short": ("keys/token-secret", spoil(b"short"), ["token-secret", "Remove it"]),
    "token secret, no text": ("keys/token-secret", spoil(b"\xff" * 64), ["token-secret", "Remove it"]),
    "password, empty": ("mariadb/password", spoil(b""), ["password", "make reset"]),
    "password, gone": ("mariadb/password", Path.unlink, ["has no password", "make reset"]),
    "rows, a table's file gone": ("mariadb/data/tributary/transfers.ibd", Path.unlink, ["transfers", "mariadb"]),
    "rows, a table's definition gone": ("mariadb/data/tributary/timeline.frm", Path.unlink, ["timeline", "mariadb"]),
    "rows, the migrations gone": ("mariadb/data/tributary/schema_migrations.ibd", Path.unlink, ["space is missing"]),
    "rows, the server's files cut off": ("mariadb/data/ibdata1", cut, ["mariadbd ended at once"]),
    "logs, a file": ("logs", into_a_file, ["logs cannot be used: ", "LOCAL_STATE"]),
    "a log, a folder": ("logs/API.log", into_a_folder, ["API.log cannot be used: Is a directory"]),
    "the pump's folder, a file": ("pump", into_a_file, ["cannot be"]),
    "lock, a folder": ("lock", into_a_folder, ["lock cannot be used: Is a directory"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_broken(copy: Run, case: str) -> None:
    """The start ends and says which file is broken and what to do. It shows no traceback, and destroys nothing."""
    name, break_, expected = BROKEN[case]
    path = copy.folder / name
    break_(path)
    left = path.read_bytes() if path.is_file() else None
    output = copy.start().output()
    assert copy.process is not None
    assert copy.process.returncode == 1, output
    for text in expected:
        assert text in output
    assert "Traceback" not in output
    assert "everything is kept" not in output
    assert (path.read_bytes() if path.is_file() else None) == left


def test_what_can_be_made_anew_is(copy: Run) -> None:
    """Files whose contents are elsewhere too are made again, and every function gets its records as before."""
    for name in ("keys/jwt-key.pem", "keys/token-secret", "pump/at-rest"):
        (copy.folder / name).unlink()
    for name in ("keys/jwks.json", "lambda-env.json", "stack.json", "mariadb/init.sql"):
        (copy.folder / name).write_bytes(b"\xff garbage")
    checkpoints = list((copy.folder / "pump").glob("*/*.json"))
    assert checkpoints
    for file in checkpoints:
        file.write_text('{"shardId-0": ')
    shutil.rmtree(copy.folder / "logs")
    client = copy.start().ready()
    assert names(client) == [NAME]
    assert names(client, **open_account(client, "Eve")) == [NAME, "Eve"]
    assert "Stopped; everything is kept." in copy.stop()


def test_tables_that_are_gone_altogether(copy: Run) -> None:
    """The tables are made again. The start reports the old tables' remaining rows, which a rebuild removes."""
    shutil.rmtree(copy.folder / "ministack")
    client = copy.start().ready()
    assert names(client) == [NAME]
    assert copy.ops("rebuild").returncode == 0
    assert names(client) == []
    output = copy.stop()
    assert "1 aggregates are missing in the tables" in output
    assert "make rebuild" in output
    assert "the read model is up to date" in copy.start().ready_and_stop()


def test_killed_tables_are_not_called_kept(copy: Run) -> None:
    """After a kill, the writes since the last clean stop are lost. The start says so, also the next time."""
    client = copy.start().ready()
    assert names(client, **open_account(client, "Eve")) == [NAME, "Eve"]
    assert copy.process is not None
    copy.process.send_signal(signal.SIGSTOP)  # so that it cannot start MiniStack again before it is stopped
    os.kill(copy.ministack_pid(), signal.SIGKILL)
    copy.process.send_signal(signal.SIGTERM)
    copy.process.send_signal(signal.SIGCONT)
    output = copy.output()
    assert "LOST: all writes to the tables since the last clean stop" in output
    assert "everything is kept" not in output
    assert copy.process.returncode == 1
    assert "1 aggregates are missing in the tables" in copy.start().ready_and_stop()
