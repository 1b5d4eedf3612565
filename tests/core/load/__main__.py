"""`python -m tests.core.load`: a mixed load on a running stack of the neutral domain, with every answer checked."""

import sys
from typing import Any

import click

from local.load import LoadOptions
from local.load.command import load_options, run_and_tell
from ops.failing import CommandLine
from tests.core.load.mix import TRANSFERS, AccountsMix


@click.command()
@click.option("--url", required=True)
@click.option("--token", required=True, help="Of a chief.")
@click.option(
    "--transfers", type=click.FloatRange(0, 100), default=TRANSFERS, help="How many of 100 commands request one."
)
@load_options
def load(url: str, token: str, transfers: float, as_json: bool, **given: Any) -> int:
    """Send a mixed load of commands and queries, and check every answer."""
    return run_and_tell(LoadOptions(url, token, **given), AccountsMix(transfers), as_json=as_json)


if __name__ == "__main__":
    sys.exit(CommandLine(load, None, "python -m tests.core.load").run())
