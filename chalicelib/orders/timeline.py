"""The history of one order, commit by commit, in orders and in inventory."""

from collections.abc import Collection, Mapping

import msgspec

from chalicelib.core.queries.answers import timestamp
from chalicelib.core.queries.limit import QueryCursor, ResultRow
from chalicelib.core.service import Service
from chalicelib.inventory.published import reservation_id
from chalicelib.orders.answers import OrderTimeline, TimelineEntry

_ORDER = "SELECT version, status, customer_id FROM orders WHERE id = %s AND deleted_at IS NULL"
# Entries of two aggregates are merged by time. Entries of one keep the order of versions, since clocks may differ.
_ENTRIES = """SELECT service, id, version, at, applied_at, correlation_id, command, actor, events FROM timeline
  WHERE (service = 'orders' AND id = %s) OR (service = 'inventory' AND id = %s)
  ORDER BY MAX(at) OVER (PARTITION BY service, id ORDER BY version), service DESC, version"""
# An order has one of these only after the inventory's answer, which is a commit of the reservation.
_ANSWERED = ("confirmed", "rejected", "shipped", "delivered")


def get_timeline(cursor: QueryCursor, id: str, services: Mapping[str, Service]) -> OrderTimeline | None:
    """The timeline of an order, oldest entry first, or None when the read model has no such order.

    Args:
        cursor: in the snapshot's transaction.
        id: the order's id.
        services: the services by name. Their upcasters convert stored events to the current schema.
    """
    cursor.execute(_ORDER, (id,))
    order = cursor.fetchone()
    if order is None:
        return None
    cursor.execute(_ENTRIES, (id, reservation_id(id)))
    entries = [_entry(row, services[row["service"]]) for row in cursor.fetchall()]
    versions = {
        service: {entry.version for entry in entries if entry.service == service} for service in ("orders", "inventory")
    }
    answered = int(order["status"] in _ANSWERED)
    return OrderTimeline(
        id=id,
        customer_id=order["customer_id"],
        incomplete=_gap(versions["orders"], order["version"]) or _gap(versions["inventory"], answered),
        entries=entries,
    )


def _gap(versions: Collection[int], least: int) -> bool:
    """Return whether versions are missing up to the newest known version, which is at least `least`."""
    return len(versions) < max([least, *versions])


def _entry(row: ResultRow, service: Service) -> TimelineEntry:
    events = service.recorded_events(row["id"], msgspec.json.decode(row["events"]))
    applied_at = row["applied_at"] and timestamp(row["applied_at"])
    return TimelineEntry(**{**row, "at": timestamp(row["at"]), "applied_at": applied_at, "events": events})
