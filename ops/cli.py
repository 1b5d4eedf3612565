"""The command line: its commands, and how it fails.

Exit codes: 0 for success; 1 if the output names something wrong (remaining drift, a dead letter that was refused
again); 2 if the command line is not valid; 3 if the command could not be run, for example because a server is down.
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
# The module of each command. It is imported on use, since some need half of the engine and some nothing.
_COMMANDS = {
    "dead-letters": "ops.dead_letters:dead_letters",
    "erase": "ops.erase.command:erase",
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
        """The names of the commands."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command and return it."""
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
    """Run a command and release its resources. Returns the exit code."""
    with _logging_to_standard_error():
        return CommandLine(ops, arguments).run()


@contextmanager
def _logging_to_standard_error() -> Iterator[None]:
    """Log to standard error, since standard output is the command's. log.set_up keeps a logger that has a handler."""
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
