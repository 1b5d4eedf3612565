"""The commands that orders run when the inventory changes: their part of the order saga.

    reservation              asks for      if the order refuses
    reserved                 confirm       release: the order was cancelled or rejected meanwhile
    short                    reject        nothing: the order was cancelled meanwhile
    released, shipped        nothing

The other part, which reserves an order's pieces, is inventory/policy.py.
"""

from collections.abc import Iterator

from chalicelib.core.service import FollowUp, Head
from chalicelib.inventory.published import PublishedReservation, release, reservation_of
from chalicelib.orders.commands import Confirm, Reject, Shortage


def on_inventory(head: Head) -> Iterator[FollowUp]:
    """Return the commands that a reservation's change causes for its order. A change of stock causes none."""
    reservation = reservation_of(head)
    match reservation:
        case PublishedReservation(status="reserved"):
            instead = {"wrong-state": release(reservation.order_id, reservation.pieces)}
            yield FollowUp("orders", "orders.confirm", Confirm(), (reservation.order_id,), instead)
        case PublishedReservation(status="short"):
            reject = Reject([Shortage(**shortage) for shortage in reservation.shortages])
            yield FollowUp("orders", "orders.reject", reject, (reservation.order_id,), {"wrong-state": None})
