"""What the inventory publishes to other services: reservations as its stream shows them, and the release of one."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from chalicelib.core.service import FollowUp, Head
from chalicelib.inventory.commands import Release
from chalicelib.inventory.domain import RESERVATION_PREFIX, reservation_id

__all__ = ["RESERVATION_PREFIX", "PublishedReservation", "release", "reservation_id", "reservation_of"]


class PublishedReservation(NamedTuple):
    """What an order was promised.

    Attributes:
        order_id: whose it is.
        status: reserved, short, released or shipped.
        pieces: how many of each SKU; empty where nothing was promised.
        shortages: {sku, requested, available} of each SKU that was short.
    """

    order_id: str
    status: str
    pieces: Mapping[str, int]
    shortages: Sequence[Mapping[str, Any]]


def reservation_of(head: Head) -> PublishedReservation | None:
    """What a record of the inventory's stream says; None where it is about stock."""
    if not head.id.startswith(RESERVATION_PREFIX):
        return None
    state = head.state
    return PublishedReservation(
        head.id.removeprefix(RESERVATION_PREFIX), state["status"], state.get("lines", {}), state.get("shortages", ())
    )


def release(order_id: str, skus: Collection[str]) -> FollowUp:
    """The command that gives back an order's pieces. If it comes before Reserve, that will reserve nothing."""
    return FollowUp("inventory", "inventory.release", Release(order_id), (reservation_id(order_id), *skus))
