"""Which stack a command works on: the one that is named, else this clone's own while it runs, never any other."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from local import ROOT, keys
from local.ports import wait_until
from ops.cli import ops
from ops.failing import CommandLine
from ops.running_stack import FILE, RunningStack, find, published
from tests.ops.conftest import Output, World

COMMANDS = [
    *(["status"], ["verify"], ["verify", "--repair"], ["rebuild"], ["rebuild", "--abandon"], ["migrate"], ["react"]),
    *(["token", "staff"], ["dead-letters", "list"], ["dead-letters", "show", "x"]),
    *(["dead-letters", "redrive", "--all"], ["dead-letters", "discard", "--all", "--yes", "--reason", "x"]),
]
NAMES_A_STACK = ("TABLE_PREFIX", "DATABASE_URL", "READ_DATABASE_URL", "LOCAL_STATE", "AWS_ENDPOINT_URL")


class Clone(NamedTuple):
    """A clone of the repository, with the operator's tools in it."""

    folder: Path

    def run(self, *command: str, **env: str) -> Output:
        """Run one of its programs, in an environment that names no stack but by `env`."""
        clean = {name: value for name, value in os.environ.items() if name not in NAMES_A_STACK} | env
        run = [sys.executable, "-m", *command]
        done = subprocess.run(run, cwd=self.folder, env=clean, capture_output=True, text=True, timeout=120)
        return Output(done.returncode, done.stdout, done.stderr)

    @property
    def state(self) -> Path:
        """Where its local stack would keep what it keeps."""
        return self.folder / ".local"


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A clone of its own, whose stack does not run."""
    return make_clone(tmp_path / "clone")


def make_clone(folder: Path) -> Clone:
    """What `ops` and the demo need, in a folder of its own."""
    folder.mkdir()
    for name in ("ops", "demo", "chalicelib"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".local").mkdir()
    return Clone(folder)


def described(clone: Clone, environment: Mapping[str, str]) -> RunningStack:
    """A stack of the clone's that has this environment."""
    return RunningStack(
        api_url="http://localhost:9",
        environment={"JWT_ISSUER": keys.ISSUER, "JWT_AUDIENCE": keys.AUDIENCE, **environment},
        migrations_database_url=environment.get("DATABASE_URL", ""),
        signing_key=str(keys.private_key_path(clone.state / "keys")),
        roles=["customer", "staff"],
        own_roles=["customer"],
    )


@pytest.fixture
def running(clone: Clone, world: World) -> Iterator[Clone]:
    """The clone, and the world as its stack, which runs."""
    environment = {
        "TABLE_PREFIX": world.tables.prefix,
        "AWS_ENDPOINT_URL": world.tables.endpoint,
        "DATABASE_URL": world.url,
        "READ_DATABASE_URL": world.url,
    }
    with published(clone.state, described(clone, environment)):
        yield clone


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_nothing_is_named_and_nothing_runs(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused with how to start a stack or name one, whoever answers on the usual ports."""
    for name in NAMES_A_STACK:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOCAL_STATE", str(tmp_path))
    assert CommandLine(ops, command).run() == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert f"No stack is running in {tmp_path}" in err
    assert "make run" in err
    assert "TABLE_PREFIX" in err
    assert CommandLine(ops, [*command, "--json"]).run() == 3
    assert json.loads(capsys.readouterr().out)["error"]["hint"]


@pytest.mark.parametrize("program", ["demo.load", "demo.seed", "demo.check_sales"])
def test_the_demo_works_on_no_other_stack_either(clone: Clone, program: str, tmp_path: Path) -> None:
    """The same, where no API is named; one that is named wants a token."""
    expected = tmp_path / "expected.json"
    expected.write_text("{}")
    arguments = [program, str(expected)] if program == "demo.check_sales" else [program]
    refused = clone.run(*arguments)
    assert refused.code != 0
    assert f"No stack is running in {clone.state}" in refused.err
    assert "make run" in refused.err
    refused = clone.run(*arguments, "--url", "http://localhost:9")
    assert "There is no token for http://localhost:9" in refused.err


def test_a_second_clone_leaves_the_first_ones_stack_alone(running: Clone, world: World, tmp_path: Path) -> None:
    """Its own stack is worked on where it runs; the other clone's never is."""
    world.sql("INSERT INTO service_status VALUES ('orders', 1.25, 2, UTC_TIMESTAMP(3))")
    second = make_clone(tmp_path / "second")
    assert running.run("ops", "status", "--json").json["services"][0]["dead_letters"] == 2
    assert "No stack is running" in second.run("ops", "status").err
    environment = {"TABLE_PREFIX": "second-", "DATABASE_URL": "mysql://nobody@127.0.0.1:1/second"}
    with published(second.state, described(second, environment)):
        failed = second.run("ops", "status")
        assert "127.0.0.1" in failed.err
        assert str(second.state) in failed.err
        assert second.run("ops", "status", LOCAL_STATE=str(running.state)).code == 0


def test_each_command_says_which_stack_it_works_on(running: Clone, world: World) -> None:
    """Before it works and on standard error, so that JSON stays JSON; never with the password."""
    for command in (["status"], ["verify", "--settle", "0"], ["migrate"], ["react"], ["dead-letters", "list"]):
        done = running.run("ops", *command, "--json")
        assert done.code == 0, done
        assert done.err.splitlines()[0] == f"Stack: local, http://localhost:9, kept in {running.state}"
        assert isinstance(done.json, dict)
    named = world.ops("status", "--json")
    assert named.err.startswith(f"Stack: tables {world.tables.prefix}* in {world.tables.endpoint}; database tributary_")
    assert isinstance(named.json, dict)
    secret = world.ops("status", DATABASE_URL="mysql://me:pa55word@127.0.0.1:1/x", READ_DATABASE_URL="")
    assert "database x at 127.0.0.1:1 as me" in secret.err
    assert "pa55word" not in secret.err


def test_settings_of_two_stacks(running: Clone, world: World) -> None:
    """A deployment's variable without its TABLE_PREFIX is refused, and not half obeyed; the stack's own is none."""
    refused = running.run("ops", "status", DATABASE_URL="mysql://me@elsewhere/x")
    assert refused.code == 3
    assert "DATABASE_URL is set" in refused.err
    assert "TABLE_PREFIX" in refused.err
    assert running.run("ops", "status", DATABASE_URL=world.url).code == 0


def test_who_may_change_tables(running: Clone, world: World) -> None:
    """On a local stack `migrate` and `rebuild` take the user who may, and no other command does."""
    stack = find(running.state)
    nobody = {"DATABASE_URL": "mysql://nobody@127.0.0.1:1/x", "READ_DATABASE_URL": "mysql://nobody@127.0.0.1:1/x"}
    with published(running.state, stack._replace(environment={**stack.environment, **nobody})):
        assert running.run("ops", "migrate", "--json").json == {"applied": []}
        assert running.run("ops", "rebuild", "--settle", "0", "--json").json["swapped"]
        assert running.run("ops", "verify").code == 3


def test_a_stack_that_was_killed(clone: Clone) -> None:
    """Its file stays, and is not taken for a running stack's; a new stack takes its place."""
    stack = described(clone, {})
    program = f"""
import time
from pathlib import Path
from ops.running_stack import RunningStack, published
with published(Path({str(clone.state)!r}), RunningStack(**{stack._asdict()!r})):
    time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    path = clone.state / FILE
    assert wait_until(path.exists, 30)
    assert find(clone.state) == stack
    assert path.stat().st_mode & 0o777 == 0o600
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert path.exists()
    refused = clone.run("ops", "token", "staff")
    assert (refused.code, refused.out) == (3, "")
    assert "was killed" in refused.err
    with published(clone.state, stack):
        assert clone.run("ops", "token", "staff").code == 0
    assert not path.exists()


@pytest.mark.parametrize("content", ["", "[]", '{"api_url": "http://localhost:9"}'])
def test_a_file_of_another_version(clone: Clone, content: str) -> None:
    """What this version cannot read is said, with what to do."""
    with published(clone.state, described(clone, {})):
        (clone.state / FILE).write_text(content)
        refused = clone.run("ops", "status")
    assert refused.code == 3
    assert "make run" in refused.err
    assert "Traceback" not in refused.err


def test_token(clone: Clone, world: World) -> None:
    """Of the local stack alone, for a role that it knows, and with an id where the role sees only its own."""
    refused = world.ops("token", "staff")
    assert refused.code == 3
    assert "identity provider" in refused.err
    with published(clone.state, described(clone, {})):
        done = clone.run("ops", "token", "staff")
        assert (done.code, done.out.count(".")) == (0, 2)
        assert clone.run("ops", "token", "customer", "--sub", "cus_1", "--json").json["token"].count(".") == 2
        assert "one of customer, staff, not 'owner'" in clone.run("ops", "token", "owner").err
        assert "There are customer, staff.\nmake token ROLE=staff" in clone.run("ops", "token").err
        nameless = clone.run("ops", "token", "customer")
    assert (nameless.code, nameless.out) == (3, "")
    assert "make token ROLE=customer SUB=" in nameless.err
