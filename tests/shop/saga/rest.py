"""The state of the saga when nothing is under way."""

from collections.abc import Mapping

# The status of an order, and the possible statuses of its reservation.
AT_REST: Mapping[str, frozenset[str]] = {
    "placed": frozenset(),
    "confirmed": frozenset({"reserved"}),
    "rejected": frozenset({"short"}),
    "cancelled": frozenset({"released", "short"}),
    "shipped": frozenset({"shipped"}),
    "delivered": frozenset({"shipped"}),
}


def under_way(orders: Mapping[str, str], reservations: Mapping[str, str]) -> list[str]:
    """Return the orders that the saga has not answered yet.

    Args:
        orders: status by id.
        reservations: status by `res#<order>`.
    """
    return [id for id, status in orders.items() if reservations.get(f"res#{id}") not in AT_REST[status]]
