"""The operator's command line, for tests."""

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
    """The output of a command, and its exit code."""

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
        arguments: the arguments after `python -m ops`.
        env: variables that are added to this process's or replace them; None removes one.
        typed: the command's standard input.
    """
    with CliRunner().isolation(typed, env) as (out, err, _):
        code = main(list(arguments))
        sys.stdout.flush()
        sys.stderr.flush()
    return Output(code, out.getvalue().decode(), err.getvalue().decode())


def start(
    *arguments: str, env: Mapping[str, str], before: Callable[[], object] | None = None
) -> "subprocess.Popen[str]":
    """Start a command as a process of its own, for tests that end it. `before` is called in that process first."""
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
