"""How stock becomes rows. Reservations show in the timeline alone."""

from chalicelib.core.service import Head, Projection, Rows, Table
from chalicelib.core.times import to_utc

STOCK = Table(
    name="stock",
    key=("sku",),
    columns=("sku", "version", "on_hand", "reserved", "available", "updated_at", "deleted_at"),
)


def rows(head: Head) -> Rows:
    """One row a SKU; available is what is on hand and not reserved."""
    on_hand, reserved, at = head.state.get("on_hand", 0), head.state.get("reserved", 0), to_utc(head.at)
    return Rows((head.id, head.version, on_hand, reserved, on_hand - reserved, at, at if head.deleted else None))


PROJECTION = Projection(root=STOCK, rows=rows)
