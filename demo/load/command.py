"""`python -m demo.load`."""

import click

from demo.http import CannotGoOn
from demo.load.run import LoadOptions, run
from demo.load.tally import Latencies, LoadReport
from demo.local_access import access
from ops.failing import WRONG, OpsError
from ops.output import console, json_option, print_json, table

_positive = click.FloatRange(min=0, min_open=True)


@click.command()
@click.option("--rate", type=_positive, default=LoadOptions.rate, show_default=True, help="Commands a second.")
@click.option("--queries", type=_positive, default=LoadOptions.queries, show_default=True, help="Queries a second.")
@click.option(
    "--orders",
    type=click.FloatRange(0, 100),
    default=LoadOptions.orders,
    show_default=True,
    help="How many of 100 commands place an order, which the saga follows up with two more.",
)
@click.option("--seconds", type=_positive, default=LoadOptions.seconds, show_default=True, help="How long.")
@click.option(
    "--clients", type=click.IntRange(1, 500), default=LoadOptions.clients, show_default=True, help="Commands at once."
)
@click.option(
    "--readers", type=click.IntRange(1, 500), default=LoadOptions.readers, show_default=True, help="Queries at once."
)
@click.option("--url", help="Of the API; the local stack's if left out.")
@click.option("--token", help="A JWT of staff or admin; $TRIBUTARY_TOKEN or the local stack's if left out.")
@click.option(
    "--one-server", is_flag=True, help="All queries go to one server: count it, too, when one shows less than before."
)
@click.option("--seed", type=int, default=LoadOptions.seed, show_default=True, help="Of what is random.")
@json_option
def load(
    rate: float,
    queries: float,
    orders: float,
    seconds: float,
    clients: int,
    readers: int,
    url: str | None,
    token: str | None,
    one_server: bool,
    seed: int,
    as_json: bool,
) -> int:
    """Send a mixed load of commands and queries, and check every answer.

    Customers, products, stock and orders are made, changed, cancelled and shipped, all new. Each answer is compared
    with what was promised: versions rise, one key is one order, a query with a token shows what it names. In the end
    everything that was acknowledged is looked for. Ends with 1 when a promise was broken; what is merely refused
    (503 while a store is away, 409 for a lost race) is counted by its type.
    """
    options = LoadOptions(
        *access(url, token),
        rate=rate,
        queries=queries,
        orders=orders,
        seconds=seconds,
        clients=clients,
        readers=readers,
        one_server=one_server,
        seed=seed,
    )
    try:
        report = run(options)
    except CannotGoOn as error:
        raise OpsError(str(error), "Is the API running (make run)? Is --url right?") from error
    if as_json:
        print_json(report.as_document())
    else:
        _print(report)
    return WRONG if report.broken else 0


def _print(report: LoadReport) -> None:
    console().print(
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
