"""Reports, answered from the summaries that the projector keeps: their cost goes by the days in the range."""

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from chalicelib.core.errors import Fault, Invalid
from chalicelib.core.queries.limit import QueryCursor, ResultRow
from chalicelib.core.queries.listing import (
    Bookmark,
    ListParameters,
    Page,
    Sort,
    SortKey,
    Where,
    bad_cursor,
    read_page,
)
from chalicelib.core.tokens import Signer
from chalicelib.vocabulary import Currency, Money

DEFAULT_DAYS = 30


class SalesParameters(ListParameters, frozen=True):
    """Which sales, added up by what, and in what order."""

    by: Literal["day", "product", "customer"] = "day"
    from_: Annotated[date, Meta(description="The first UTC day. Default: 30 days before the end.")] | None = field(
        default=None, name="from"
    )
    to: Annotated[date, Meta(description="The last UTC day, inclusive. Default: today.")] | None = None
    currency: Currency | None = None
    sort: Annotated[Literal["key", "-amount"], Meta(description="Sort by group key, or by amount, descending.")] = "key"


class SalesItem(Struct, frozen=True, kw_only=True):
    """The sales of a day, a product or a customer in one currency. Only the member that it is grouped by is set.

    An order counts once it is confirmed, on the day on which it was placed. Grouped by product, `orders` is the number
    of orders with that product.
    """

    day: date | UnsetType = UNSET
    sku: str | UnsetType = UNSET
    customer_id: str | UnsetType = UNSET
    name: Annotated[str | None, Meta(description="Name of the product or customer. Null while it is not known.")] | (
        UnsetType
    ) = UNSET
    currency: str
    orders: int
    quantity: int
    amount: Money


class LowStockParameters(ListParameters, frozen=True):
    """The limit below which stock is low."""

    threshold: Annotated[
        int, Meta(ge=0, le=1_000_000_000, description="List products with at most this many pieces available.")
    ] = 10


class LowStockItem(Struct, frozen=True, kw_only=True):
    """A product that is running out. The name is null while the catalog's row is not known."""

    sku: str
    name: str | None
    on_hand: int
    reserved: int
    available: int


# An order has one customer, so the sums by customer and day also count each order of a day once.
_SUMS = """SELECT {key}, currency, SUM(orders) AS orders, SUM(quantity) AS quantity, SUM(amount) AS amount
  FROM {table} WHERE day BETWEEN %s AND %s{currency} GROUP BY {key}, currency HAVING SUM(orders) > 0"""
_SALES = {
    "day": ("day", "sales_by_customer", "SELECT t.* FROM ({sums}) t"),
    "product": (
        "sku",
        "sales_by_product",
        "SELECT t.*, p.name FROM ({sums}) t LEFT JOIN products p ON p.sku = t.sku",
    ),
    "customer": (
        "customer_id",
        "sales_by_customer",
        "SELECT t.*, c.name FROM ({sums}) t LEFT JOIN customers c ON c.id = t.customer_id",
    ),
}
_LOW_STOCK = """SELECT s.sku, p.name, s.on_hand, s.reserved, s.available
  FROM stock s LEFT JOIN products p ON p.sku = s.sku"""
_LOW_STOCK_SORT = Sort((SortKey("s.available", "available"), SortKey("s.sku", "sku")))


def sales(cursor: QueryCursor, parameters: SalesParameters, signer: Signer, today: date) -> Page[SalesItem]:
    """One page of the sales report.

    Args:
        cursor: in the snapshot's transaction.
        parameters: what the client asked for.
        signer: signs and checks cursors.
        today: the UTC day on which a range ends that has no end of its own.

    Raises:
        Malformed: the cursor is not of this list.
        Invalid: the range ends before it begins.
    """
    bookmark = Bookmark(signer, "sales", parameters)
    # Carried, since pages that are read across midnight belong to the same range.
    carried = _carried(bookmark) if bookmark.position is not None else today.isoformat()
    first, last = _range(parameters, date.fromisoformat(carried))
    key, table, select = _SALES[parameters.by]
    one_currency = " AND currency = %s" if parameters.currency else ""
    keys = (SortKey(f"t.{key}", key), SortKey("t.currency", "currency"))
    return read_page(
        cursor,
        select.format(sums=_SUMS.format(key=key, table=table, currency=one_currency)),
        Where(),
        Sort(keys) if parameters.sort == "key" else Sort((SortKey("t.amount", "amount"), *keys), descending=True),
        bookmark,
        parameters.limit,
        lambda row: _sales_item(row, key),
        values=(first, last, *([parameters.currency] if parameters.currency else [])),
        carried=(carried,),
    )


def low_stock(cursor: QueryCursor, parameters: LowStockParameters, signer: Signer) -> Page[LowStockItem]:
    """One page of the stock that is running out and still in the catalog, the scarcest first.

    Args:
        cursor: in the snapshot's transaction.
        parameters: what the client asked for.
        signer: signs and checks cursors.

    Raises:
        Malformed: the cursor is not of this list.
    """
    where = Where("s.deleted_at IS NULL", "p.deleted_at IS NULL")
    where.add("s.available <= %s", parameters.threshold)
    bookmark = Bookmark(signer, "low-stock", parameters)
    return read_page(
        cursor, _LOW_STOCK, where, _LOW_STOCK_SORT, bookmark, parameters.limit, lambda row: LowStockItem(**row)
    )


def _carried(bookmark: Bookmark) -> str:
    """The `today` of the report's first page."""
    position = bookmark.position or []
    if not position:
        raise bad_cursor()
    return str(position[0])


def _range(parameters: SalesParameters, today: date) -> tuple[date, date]:
    """First and last day."""
    last = parameters.to or today
    first = parameters.from_ or date.fromordinal(max(1, last.toordinal() - DEFAULT_DAYS + 1))
    if first > last:
        detail = f"{first} is after the range's last day, {last}"
        raise Invalid(f"from: {detail}.", faults=[Fault(detail, parameter="from")])
    return first, last


def _sales_item(row: ResultRow, key: str) -> SalesItem:
    # A SUM is a DECIMAL in MySQL, of whole numbers here.
    members: dict[str, Any] = {name: int(row[name]) for name in ("orders", "quantity", "amount")}
    members |= {name: row[name] for name in (key, "currency", "name") if name in row}
    return SalesItem(**members)
