"""The command line of a load, but for what a domain adds."""

import signal
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import click

from local.load.client import CannotGoOn
from local.load.mix import Mix
from local.load.run import LoadOptions, run
from local.load.tally import Latencies, LoadReport
from ops.failing import WRONG, OpsError
from ops.output import json_option, print_json, table, terminal

P = ParamSpec("P")
T = TypeVar("T")

_positive = click.FloatRange(min=0, min_open=True)
_OPTIONS = (
    click.option("--rate", type=_positive, default=LoadOptions.rate, show_default=True, help="Commands a second."),
    click.option("--queries", type=_positive, default=LoadOptions.queries, show_default=True, help="Queries a second."),
    click.option("--seconds", type=_positive, default=LoadOptions.seconds, show_default=True, help="How long."),
    click.option(
        "--clients",
        type=click.IntRange(1, 500),
        default=LoadOptions.clients,
        show_default=True,
        help="Commands at once.",
    ),
    click.option(
        "--readers",
        type=click.IntRange(1, 500),
        default=LoadOptions.readers,
        show_default=True,
        help="Queries at once.",
    ),
    click.option(
        "--one-server",
        is_flag=True,
        help="All queries go to one server: count it, too, when one shows less than before.",
    ),
    click.option("--seed", type=int, default=LoadOptions.seed, show_default=True, help="Of what is random."),
    json_option,
)


def load_options(command: Callable[P, T]) -> Callable[P, T]:
    """The options of every load. The command is given them by the names of LoadOptions' fields, and `as_json`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def run_and_tell(options: LoadOptions, mix: Mix, *, as_json: bool) -> int:
    """Run a load, to its end or to SIGTERM, and print its report. Returns the exit code: 1 when a promise was broken.

    Raises:
        OpsError: the API does not serve even the first commands.
    """
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    try:
        report = run(options, mix, stopped)
    except CannotGoOn as error:
        raise OpsError(str(error), "Is the API running (make run)? Is --url right?") from error
    if as_json:
        print_json(report.as_document())
    else:
        _print(report)
    return WRONG if report.broken else 0


def _print(report: LoadReport) -> None:
    terminal().print(
        table("", ("milliseconds", *Latencies._fields), [(name, *each) for name, each in report.latencies.items()])
    )
    for crew, achieved in report.achieved.items():
        click.echo(
            f"{crew}: {achieved:,.1f} a second of {report.offered[crew]:,.1f} offered, for {report.seconds:.1f} s"
        )
        for problem, count in report.errors[crew].items():
            click.echo(f"  {count:,} {problem}")
    for example in report.examples:
        click.echo(f"BROKEN  {example}")
    click.echo(f"{report.checks:,} promises checked, {report.broken:,} broken.")
