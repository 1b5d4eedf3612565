"""The command line: its commands, and how it fails.

Exit codes: 0 all is well; 1 something is wrong that the output names (drift that is left, a letter that was refused
again); 2 the command was not understood; 3 it could not be done, such as a server that cannot be reached.
"""

import logging

import click

from ops.dead_letters.commands import dead_letters
from ops.failing import WHO_CHANGES_TABLES, Command
from ops.operating import migrate, status, token
from ops.react import react
from ops.rebuild.command import rebuild
from ops.verify.command import verify

_EPILOG = (
    "Without TABLE_PREFIX in the environment the local stack is meant, which `make run` starts. To operate a"
    " deployment, give the functions' own variables: TABLE_PREFIX, DATABASE_URL, AWS_REGION, AWS_DEFAULT_REGION"
    f" and credentials (docs/operate.md). {WHO_CHANGES_TABLES}"
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}, epilog=_EPILOG)
def ops() -> None:
    """Operate a running Tributary."""


_COMMANDS: tuple[click.Command, ...] = (dead_letters, migrate, react, rebuild, status, token, verify)
for _command in _COMMANDS:
    ops.add_command(_command)


def main(arguments: list[str] | None = None) -> int:
    """Run a command. Returns the exit code."""
    _log_to_standard_error()
    return Command(ops, arguments).run()


def _log_to_standard_error() -> None:
    """Standard output is the command's own; chalicelib.core.telemetry.log leaves a logger alone that has a handler."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s: %(error)s", defaults={"error": ""}))
    handler.setLevel(logging.WARNING)
    logging.getLogger("tributary").addHandler(handler)
    logging.getLogger("tributary").propagate = False
