"""Reads about stock."""

from msgspec import Struct

from chalicelib.core.queries.answers import Timestamp, Version, timestamp
from chalicelib.core.queries.limit import QueryCursor


class StockDetail(Struct, frozen=True, kw_only=True):
    """The stock of a SKU. `available` is what is on hand and not reserved."""

    sku: str
    version: Version
    on_hand: int
    reserved: int
    available: int
    updated_at: Timestamp


def get_stock(cursor: QueryCursor, sku: str) -> StockDetail | None:
    """The stock of a SKU, or None when the read model has none."""
    cursor.execute(
        "SELECT sku, version, on_hand, reserved, available, updated_at FROM stock"
        " WHERE sku = %s AND deleted_at IS NULL",
        (sku,),
    )
    row = cursor.fetchone()
    return StockDetail(**{**row, "updated_at": timestamp(row["updated_at"])}) if row else None
