"""The command line: its commands, and how it fails.

Exit codes: 0 all is well; 1 something is wrong that the output names (drift that is left, a letter that was refused
again); 2 the command was not understood; 3 it could not be done, such as a server that cannot be reached.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import cast

import click

from ops.failing import WHO_CHANGES_TABLES, CommandLine

_EPILOG = (
    "Works on the stack that the functions' own variables name: TABLE_PREFIX, DATABASE_URL, AWS_REGION,"
    " AWS_DEFAULT_REGION and credentials (docs/operate.md). Without TABLE_PREFIX it works on the local stack of this"
    f" clone, which `make run` starts. {WHO_CHANGES_TABLES}"
)
# Where each command is. Its module is imported when it is asked for: some need half of the engine, some nothing.
_COMMANDS = {
    "dead-letters": "ops.dead_letters:dead_letters",
    "migrate": "ops.migrate:migrate",
    "react": "ops.react:react",
    "rebuild": "ops.rebuild.command:rebuild",
    "status": "ops.status:status",
    "token": "ops.token:token",
    "verify": "ops.verify.command:verify",
}


class _Commands(click.Group):
    """The commands of `_COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them, imported."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        return cast(click.Command, getattr(import_module(module), name))


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}, epilog=_EPILOG
)
def ops() -> None:
    """Operate a running Tributary."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command. Returns the exit code; what the command set up ends with it."""
    with _logging_to_standard_error():
        return CommandLine(ops, arguments).run()


@contextmanager
def _logging_to_standard_error() -> Iterator[None]:
    """Standard output is the command's own; chalicelib.core.telemetry.log leaves a logger alone that has a handler."""
    logger = logging.getLogger("tributary")
    propagate = logger.propagate
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s: %(error)s", defaults={"error": ""}))
    handler.setLevel(logging.WARNING)
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
