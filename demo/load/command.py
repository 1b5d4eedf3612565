"""`python -m demo.load`."""

from typing import Any

import click

from demo.load.mix import ORDERS, ShopMix
from demo.local_access import access
from local.load import LoadOptions
from local.load.command import load_options, run_and_tell


@click.command()
@click.option(
    "--orders",
    type=click.FloatRange(0, 100),
    default=ORDERS,
    show_default=True,
    help="How many of 100 commands place an order, which the saga follows up with two more.",
)
@click.option("--url", help="Of the API; the local stack's if left out.")
@click.option("--token", help="A JWT of staff or admin; $TRIBUTARY_TOKEN or the local stack's if left out.")
@load_options
def load(orders: float, url: str | None, token: str | None, as_json: bool, **given: Any) -> int:
    """Send a mixed load of commands and queries, and check every answer.

    Customers, products, stock and orders are made, changed, cancelled and shipped, all new. Each answer is compared
    with what was promised: versions rise, one key is one order, a query with a token shows what it names. In the end
    everything that was acknowledged is looked for. Ends with 1 when a promise was broken; what is merely refused
    (503 while a store is away, 409 for a lost race) is counted by its type.
    """
    return run_and_tell(LoadOptions(*access(url, token), **given), ShopMix(orders), as_json=as_json)
