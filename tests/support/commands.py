"""The operator's command line, as tests call it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from click.testing import CliRunner

from local import ROOT
from ops.cli import main


class Output(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, as JSON."""
        return json.loads(self.out)


def run(*arguments: str, env: Mapping[str, str | None], typed: str = "") -> Output:
    """Run a command to its end, in this process.

    Args:
        arguments: what follows `python -m ops`.
        env: variables that it is to find, beside or instead of this process's; None takes one away.
        typed: its standard input.
    """
    with CliRunner().isolation(typed, env) as (out, err, _):
        code = main(list(arguments))
        sys.stdout.flush()
        sys.stderr.flush()
    return Output(code, out.getvalue().decode(), err.getvalue().decode())


def start(
    *arguments: str, env: Mapping[str, str], before: Callable[[], object] | None = None
) -> "subprocess.Popen[str]":
    """Start a command as a process of its own, for tests that end it; `before` is called in it first."""
    pipe, command = subprocess.PIPE, [sys.executable, "-m", "ops", *arguments]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **env},
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
        preexec_fn=before,
    )
