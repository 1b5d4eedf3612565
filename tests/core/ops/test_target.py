"""A command works on the stack that is named, else on this clone's own while it runs, and on no other."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import ROOT
from ops.running_stack import FILE, find_stack, published
from tests.core.ops.world import STATUS, World
from tests.support import commands
from tests.support.clone import NAMES_A_STACK, described, make_clone
from tests.support.commands import Output
from tests.support.domain import NEUTRAL
from tests.support.waiting import PATIENT_SECONDS, eventually

COMMANDS = [
    *(["status"], ["verify"], ["verify", "--repair"], ["rebuild"], ["rebuild", "--abandon"], ["migrate"], ["react"]),
    *(["token", "chief"], ["dead-letters", "list"], ["dead-letters", "show", "x"]),
    *(["dead-letters", "redrive", "--all"], ["dead-letters", "discard", "--all", "--yes", "--reason", "x"]),
]


def ops(state: Path, *arguments: str, **env: str) -> Output:
    """Run a command whose environment names a stack only by `env`. The local stack is looked for in this folder."""
    clean = dict.fromkeys(NAMES_A_STACK, None)
    return commands.run(*arguments, env={**clean, **NEUTRAL.env, "LOCAL_STATE": str(state), **env})


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return the folder of a local stack that does not run."""
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


@pytest.fixture
def running(state: Path, world: World) -> Iterator[Path]:
    """Return the folder of a running local stack: the world."""
    with published(state, described(state, {**world.env, "READ_DATABASE_URL": world.url})):
        yield state


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_nothing_is_named_and_nothing_runs(command: list[str], tmp_path: Path) -> None:
    """The command refuses, and says how to start or name a stack, whatever listens on the usual ports."""
    refused = ops(tmp_path, *command)
    assert (refused.code, refused.out) == (3, "")
    assert f"No stack is running in {tmp_path}" in refused.err
    assert "make run" in refused.err
    assert "TABLE_PREFIX" in refused.err
    as_json = ops(tmp_path, *command, "--json")
    assert as_json.code == 3
    assert as_json.json["error"]["hint"]


def test_a_second_clone_leaves_the_first_ones_stack_alone(world: World, tmp_path: Path) -> None:
    """A command works on its own clone's running stack, and on another clone's only if its folder is named."""
    world.sql(f"{STATUS} VALUES ('transfers', 1.25, 2, UTC_TIMESTAMP(3))")
    first, second = make_clone(tmp_path / "first"), make_clone(tmp_path / "second")
    with published(first.state, described(first.state, {**world.env, "READ_DATABASE_URL": world.url})):
        found = first.run("ops", "status", "--json", **NEUTRAL.env)
        assert found.json["services"][0]["dead_letters"] == 2
        assert "No stack is running" in second.run("ops", "status", **NEUTRAL.env).err
        environment = {"TABLE_PREFIX": "second-", "DATABASE_URL": "mysql://nobody@127.0.0.1:1/second"}
        with published(second.state, described(second.state, environment)):
            failed = second.run("ops", "status", **NEUTRAL.env)
            assert "127.0.0.1" in failed.err
            assert str(second.state) in failed.err
            assert ops(first.state, "status").code == 0


def test_each_command_says_which_stack_it_works_on(running: Path, world: World) -> None:
    """It does so before it works, on standard error, so that JSON stays JSON, and never with the password."""
    for command in (["status"], ["verify", "--settle", "0"], ["migrate"], ["react"], ["dead-letters", "list"]):
        done = ops(running, *command, "--json")
        assert done.code == 0, done
        assert done.err.splitlines()[0] == f"Stack: local, http://localhost:9, kept in {running}"
        assert isinstance(done.json, dict)
    named = world.ops("status", "--json")
    assert named.err.startswith(f"Stack: tables {world.tables.prefix}* in {world.tables.endpoint}; database tributary_")
    assert isinstance(named.json, dict)
    secret = world.ops("status", DATABASE_URL="mysql://me:pa55word@127.0.0.1:1/x", READ_DATABASE_URL="")
    assert "database x at 127.0.0.1:1 as me" in secret.err
    assert "pa55word" not in secret.err


def test_settings_of_two_stacks(running: Path, world: World) -> None:
    """A deployment's variable without its TABLE_PREFIX is refused. A variable of the local stack is allowed."""
    refused = ops(running, "status", DATABASE_URL="mysql://me@elsewhere/x")
    assert refused.code == 3
    assert "DATABASE_URL is set" in refused.err
    assert "TABLE_PREFIX" in refused.err
    assert ops(running, "status", DATABASE_URL=world.url).code == 0


def test_who_may_change_tables(running: Path) -> None:
    """On a local stack, `migrate` and `rebuild` use the user who may change tables. No other command does."""
    stack = find_stack(running)
    nobody = {"DATABASE_URL": "mysql://nobody@127.0.0.1:1/x", "READ_DATABASE_URL": "mysql://nobody@127.0.0.1:1/x"}
    with published(running, stack._replace(environment={**stack.environment, **nobody})):
        assert ops(running, "migrate", "--json").json == {"applied": []}
        assert ops(running, "rebuild", "--settle", "0", "--json").json["swapped"]
        assert ops(running, "verify").code == 3


def test_a_command_leaves_the_process_as_it_was(running: Path) -> None:
    """Variables of the stack and the log handler are removed at the end."""
    program = """
import logging, os, sys
from ops.cli import main
before = dict(os.environ)
code = main(["status"])
assert dict(os.environ) == before
assert logging.getLogger("tributary").handlers == []
sys.exit(code)
"""
    env = {**NEUTRAL.env, "LOCAL_STATE": str(running)}
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=env, timeout=PATIENT_SECONDS).returncode == 0


def test_a_stack_that_was_killed(state: Path) -> None:
    """Its file stays, but does not count as a running stack's. A new stack replaces it."""
    stack = described(state)
    program = f"""
import sys
from pathlib import Path
from ops.running_stack import RunningStack, published
with published(Path({str(state)!r}), RunningStack(**{stack._asdict()!r})):
    sys.stdin.read()
"""
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE)
    path = state / FILE
    assert eventually(path.exists)
    assert find_stack(state) == stack
    assert path.stat().st_mode & 0o777 == 0o600
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert path.exists()
    refused = ops(state, "token", "chief")
    assert (refused.code, refused.out) == (3, "")
    assert "was killed" in refused.err
    with published(state, stack):
        assert ops(state, "token", "chief").code == 0
    assert not path.exists()


@pytest.mark.parametrize("content", ["", "[]", '{"api_url": "http://localhost:9"}'])
def test_a_file_of_another_version(state: Path, content: str) -> None:
    """A file that this version cannot read is reported with what to do."""
    with published(state, described(state)):
        (state / FILE).write_text(content)
        refused = ops(state, "status")
    assert refused.code == 3
    assert "make run" in refused.err
    assert "Traceback" not in refused.err


def test_token(state: Path) -> None:
    """`token` works for the local stack only, for a known role, and with an id if the role sees only its own items."""
    refused = ops(state, "token", "chief", TABLE_PREFIX="a-deployments-")
    assert refused.code == 3
    assert "identity provider" in refused.err
    with published(state, described(state)):
        done = ops(state, "token", "chief")
        assert (done.code, done.out.count(".")) == (0, 2)
        assert ops(state, "token", "member", "--sub", "usr_1", "--json").json["token"].count(".") == 2
        assert "one of member, chief, not 'owner'" in ops(state, "token", "owner").err
        assert "There are member, chief.\nmake token ROLE=chief" in ops(state, "token").err
        nameless = ops(state, "token", "member")
    assert (nameless.code, nameless.out) == (3, "")
    assert "make token ROLE=member SUB=" in nameless.err


def test_only_what_a_command_needs_is_imported() -> None:
    """A token imports neither the AWS SDK nor the engine, which would take a second."""
    program = """
import sys
from ops.cli import main
assert main(["token", "--help"]) == 0
heavy = {"boto3", "botocore", "pymysql", "rich", "chalicelib.core.service", "ops.explaining"} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=PATIENT_SECONDS
    )
    assert done.returncode == 0, done.stderr
