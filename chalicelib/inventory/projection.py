"""How stock becomes rows. Reservations have no rows; only the timeline shows them."""

from datetime import datetime

from chalicelib.core.service import Head, Projection, Row, Rows, RowVersion, Table
from chalicelib.core.times import to_utc
from chalicelib.vocabulary import Sku


class StockRow(Row, frozen=True):
    """A row of `stock`."""

    sku: Sku
    version: RowVersion
    on_hand: int
    reserved: int
    available: int
    updated_at: datetime
    deleted_at: datetime | None


STOCK = Table("stock", StockRow, key=("sku",))


def rows(head: Head) -> Rows:
    """Return one row for a SKU. Available pieces are on hand and not reserved."""
    on_hand, reserved, at = head.state.get("on_hand", 0), head.state.get("reserved", 0), to_utc(head.at)
    return Rows(
        StockRow(
            sku=head.id,
            version=head.version,
            on_hand=on_hand,
            reserved=reserved,
            available=on_hand - reserved,
            updated_at=at,
            deleted_at=at if head.deleted else None,
        )
    )


PROJECTION = Projection(root=STOCK, rows=rows)
