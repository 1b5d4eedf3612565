"""What happened to one order, commit by commit, in orders and in inventory."""

from typing import Any

import msgspec

from chalicelib.core.answers import timestamp
from chalicelib.core.listing import Row
from chalicelib.inventory.published import reservation_id
from chalicelib.orders.answers import OrderTimeline, TimelineEntry

_ORDER = "SELECT version, customer_id FROM orders WHERE id = %s AND deleted_at IS NULL"
_ENTRIES = """SELECT service, id, version, at, command, actor, events FROM timeline
  WHERE (service = 'orders' AND id = %s) OR (service = 'inventory' AND id = %s)
  ORDER BY at, service DESC, version"""


def get_timeline(cursor: Any, id: str) -> OrderTimeline | None:
    """The timeline of an order, oldest entry first, or None when the read model has no such order."""
    cursor.execute(_ORDER, (id,))
    order = cursor.fetchone()
    if order is None:
        return None
    cursor.execute(_ENTRIES, (id, reservation_id(id)))
    entries = [_entry(row) for row in cursor.fetchall()]
    seen = {entry.version for entry in entries if entry.service == "orders"}
    return OrderTimeline(
        id=id,
        customer_id=order["customer_id"],
        incomplete=not seen.issuperset(range(1, order["version"] + 1)),
        entries=entries,
    )


def _entry(row: Row) -> TimelineEntry:
    return TimelineEntry(**{**row, "at": timestamp(row["at"]), "events": msgspec.json.decode(row["events"])})
