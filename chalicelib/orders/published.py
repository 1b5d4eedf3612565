"""What orders publish to other services: an order as its stream shows it."""

from collections.abc import Mapping
from typing import NamedTuple

from chalicelib.core.service import Head


class PublishedOrder(NamedTuple):
    """An order, as far as it is other services' business.

    Attributes:
        id: "ord_...".
        status: placed, confirmed, rejected, cancelled, shipped or delivered.
        pieces: how many of each SKU it wants, over all its lines.
    """

    id: str
    status: str
    pieces: Mapping[str, int]


def order_of(head: Head) -> PublishedOrder:
    """What a record of the orders' stream says."""
    pieces: dict[str, int] = {}
    for line in head.state["lines"]:
        pieces[line["sku"]] = pieces.get(line["sku"], 0) + line["quantity"]
    return PublishedOrder(head.id, head.state["status"], pieces)
