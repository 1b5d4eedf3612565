"""What orders publish to other services: an order as its stream shows it."""

from collections.abc import Mapping
from typing import NamedTuple

from chalicelib.core.service import Head


class PublishedOrder(NamedTuple):
    """The part of an order that other services may use.

    Attributes:
        id: "ord_...".
        status: placed, confirmed, rejected, cancelled, shipped or delivered.
        pieces: the number of pieces of each SKU, over all its lines.
    """

    id: str
    status: str
    pieces: Mapping[str, int]


def order_of(head: Head) -> PublishedOrder:
    """Return the order that a record of the orders' stream holds."""
    pieces: dict[str, int] = {}
    for line in head.state["lines"]:
        pieces[line["sku"]] = pieces.get(line["sku"], 0) + line["quantity"]
    return PublishedOrder(head.id, head.state["status"], pieces)
