"""docs/tutorial.md, line by line, in a copy of the repository: its edits, its files, its commands and their answers."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from local.ports import free_port
from tests.support.copies import copy_repository
from tests.support.page import Command, Shell, steps
from tests.support.running import Run
from tests.support.waiting import eventually

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow, pytest.mark.usefixtures("own_servers")]

_MAKE_RUN = re.compile(r"(?:(?P<name>\w+)=(?P<value>\S+) )?make run")
# What changes nothing may be asked again until the answer is there, as by a person who waits a moment.
_READ = re.compile(r"(?!.* (--json|-X) )(api|grep) ")


def test_tutorial(repository: Path, tmp_path: Path) -> None:
    """Everything is there as the page shows it, from `make new-service` to a green `make lint`."""
    page = (repository / "docs" / "tutorial.md").read_text()
    copy = copy_repository(tmp_path / "copy")
    reader = _Reader(copy, tmp_path / "state")
    with Shell(copy, reader.env) as shell:
        try:
            for step in steps(page):
                if isinstance(step, Command):
                    reader.type(step, shell)
                else:
                    step.apply(copy)
        finally:
            printed = reader.stop()
    assert "Traceback" not in printed


class _Reader:
    """Somebody who follows the page, with the stack in a second terminal."""

    def __init__(self, copy: Path, state: Path) -> None:
        self._copy = copy
        self._stack = Run(state, root=copy, TEMPLATE_FILE=str(copy / "template.yaml"))
        self._runs = False
        self._printed = ""
        pager = str(free_port())
        self._addresses = {"localhost:8000": f"localhost:{self._stack.ports['API_PORT']}", "9099": pager}

    @property
    def env(self) -> Mapping[str, str]:
        """The environment of the first terminal."""
        return {**os.environ, **self._stack.env, "MAKEFLAGS": "", "MAKELEVEL": "0"}

    def type(self, shown: Command, shell: Shell) -> None:
        """Type a line, and compare what it prints."""
        command = shown.with_addresses(self._addresses)
        if found := _MAKE_RUN.fullmatch(command.line):
            self._run({found["name"]: found["value"]} if found["name"] else {})
            return
        got = [shell.run(command.line)]
        if _READ.match(command.line):
            eventually(lambda: command.is_answered_by(got[-1]) or got.append(shell.run(command.line)) is not None)
        assert command.is_answered_by(got[-1]), f"$ {command.line}\nexpected: {command.output}\ngot: {got[-1]}"

    def stop(self) -> str:
        """Stop the stack. Returns all that it has printed."""
        if self._runs:
            self._printed += self._stack.stop()
            self._runs = False
        return self._printed

    def _run(self, env: Mapping[str, str]) -> None:
        self.stop()
        self._stack.start(**env).ready()
        self._runs = True
