"""What the inventory publishes to other services: its reservations, and the command that releases one."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from chalicelib.core.service import FollowUp, Head
from chalicelib.inventory.commands import Release
from chalicelib.inventory.domain import RESERVATION_PREFIX, reservation_id

__all__ = ["RESERVATION_PREFIX", "PublishedReservation", "release", "reservation_id", "reservation_of"]


class PublishedReservation(NamedTuple):
    """The reservation of an order.

    Attributes:
        order_id: the order's id.
        status: reserved, short, released or shipped.
        pieces: the number of pieces of each SKU; empty if nothing was reserved.
        shortages: {sku, requested, available} of each SKU that was short.
    """

    order_id: str
    status: str
    pieces: Mapping[str, int]
    shortages: Sequence[Mapping[str, Any]]


def reservation_of(head: Head) -> PublishedReservation | None:
    """Return the reservation that a record of the inventory's stream holds, or None for a record of stock."""
    if not head.id.startswith(RESERVATION_PREFIX):
        return None
    state = head.state
    return PublishedReservation(
        head.id.removeprefix(RESERVATION_PREFIX), state["status"], state.get("lines", {}), state.get("shortages", ())
    )


def release(order_id: str, skus: Collection[str]) -> FollowUp:
    """Return the command that releases an order's pieces. A Reserve that comes after it reserves nothing."""
    return FollowUp("inventory", "inventory.release", Release(order_id), (reservation_id(order_id), *skus))
