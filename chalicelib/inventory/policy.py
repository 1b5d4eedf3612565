"""The commands that the inventory runs when orders change: its part of the order saga.

    order                    asks for      which changes nothing if
    placed                   reserve       there is a reservation, in any status
    cancelled, rejected      release       nothing is reserved
    shipped, delivered       ship          the reservation is shipped

The other part, which changes the order, is orders/policy.py. The reservation is the saga's only memory.
"""

from collections.abc import Iterator

from chalicelib.core.service import FollowUp, Head
from chalicelib.inventory.commands import Reserve, Ship
from chalicelib.inventory.domain import reservation_id
from chalicelib.inventory.published import release
from chalicelib.orders.published import PublishedOrder, order_of


def on_orders(head: Head) -> Iterator[FollowUp]:
    """Return the commands that an order's change causes in the inventory."""
    order = order_of(head)
    match order.status:
        case "placed":
            yield _reserve(order)
        case "cancelled" | "rejected":
            yield release(order.id, order.pieces)
        case "shipped" | "delivered":
            yield _ship(order)


def _reserve(order: PublishedOrder) -> FollowUp:
    return FollowUp("inventory", "inventory.reserve", Reserve(order.id, order.pieces), _touched(order))


def _ship(order: PublishedOrder) -> FollowUp:
    return FollowUp("inventory", "inventory.ship", Ship(order.id), _touched(order))


def _touched(order: PublishedOrder) -> tuple[str, ...]:
    """Return the ids of an order's reservation and stock: at most 100, the limit of one transaction."""
    return (reservation_id(order.id), *order.pieces)
