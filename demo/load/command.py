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
    help="How many of 100 commands place an order. The saga runs two more commands for each order.",
)
@click.option("--url", help="The API's address; the local stack's if left out.")
@click.option("--token", help="A JWT of staff or admin; $TRIBUTARY_TOKEN or the local stack's if left out.")
@load_options
def load(orders: float, url: str | None, token: str | None, as_json: bool, **given: Any) -> int:
    """Send a mixed load of commands and queries, and check every answer.

    The load adds, changes, cancels and ships customers, products, stock and orders of its own. It checks each answer:
    versions rise, one key is one order, and a query with a token shows the token's commits. In the end it looks for
    every acknowledged change. It exits with 1 if a promise was broken. Refusals (503 while a store is away, 409 for a
    lost race) are counted by type.
    """
    return run_and_tell(LoadOptions(*access(url, token), **given), ShopMix(orders), as_json=as_json)
