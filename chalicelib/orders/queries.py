"""The queries about orders, across orders, customers, catalog and inventory.

Other services' rows are LEFT JOINed, tombstones included: an order is shown before its customer arrives in
the read model and after it is deleted.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from chalicelib.core.errors import Fault, Invalid
from chalicelib.core.queries.answers import timestamp
from chalicelib.core.queries.limit import QueryCursor, ResultRow
from chalicelib.core.queries.listing import Bookmark, Page, Sort, SortKey, Where, read_page
from chalicelib.core.queries.search import SearchedTable, Sought, Way, first_full, narrow, rarest_first, sought, ways
from chalicelib.core.tokens import Signer
from chalicelib.orders.answers import OrderCustomer, OrderDetail, OrderFilters, OrderLine, OrderSummary, Shortage

_COLUMNS = """o.id, o.version, o.reference, o.status, o.customer_id, c.name AS customer_name, o.currency, o.total,
  o.quantity, o.line_count, o.placed_at, o.updated_at"""
_ALL = f"SELECT {_COLUMNS} FROM orders o{{index}} LEFT JOIN customers c ON c.id = o.customer_id"  # noqa: S608 - a constant
# STRAIGHT_JOIN: read the lines first, since their index has the list's order. Otherwise MySQL sorts all orders.
_OF_SKU = f"""SELECT {_COLUMNS} FROM order_lines l STRAIGHT_JOIN orders o ON o.id = l.order_id
  LEFT JOIN customers c ON c.id = o.customer_id"""  # noqa: S608 - a constant
# An order with several lines of one SKU is listed once, by the first of them. The condition names o.id, so that the
# server tests it last, on orders that meet all other conditions.
_FIRST_LINE = """NOT EXISTS (SELECT 1 FROM order_lines e
  WHERE e.order_id = o.id AND e.sku = l.sku AND e.line_no < l.line_no)"""
# The same list, limited to the orders that a search has found.
_FOUND = f"""SELECT {_COLUMNS} FROM {{found}} STRAIGHT_JOIN orders o ON o.id = found.id
  LEFT JOIN customers c ON c.id = o.customer_id"""  # noqa: S608 - a constant
_OF_THE_REFERENCE = SearchedTable(
    has="order_words w WHERE w.id = o.id AND w.word LIKE %s",
    found="order_words w STRAIGHT_JOIN orders o ON o.id = w.id WHERE w.word LIKE %s",
    key="o.id",
    at="o.placed_at",
)
_OF_THE_CUSTOMER = SearchedTable(
    has="customer_words w WHERE w.id = o.customer_id AND w.word LIKE %s",
    found="customer_words w STRAIGHT_JOIN orders o ON o.customer_id = w.id WHERE w.word LIKE %s",
    key="o.id",
    at="o.placed_at",
)
_OF_THE_PRODUCTS = SearchedTable(
    has="order_lines l STRAIGHT_JOIN product_words w ON w.id = l.sku WHERE l.order_id = o.id AND w.word LIKE %s",
    found="product_words w STRAIGHT_JOIN order_lines l ON l.sku = w.id WHERE w.word LIKE %s",
    key="l.order_id",
    at="l.placed_at",
)
_WORDS_OF_CUSTOMER = "SELECT w.word FROM customer_words w WHERE w.id = %s"
# A search tests a customer's orders one by one if the customer has at most this many.
FEW_OF_A_CUSTOMER = 1_000
_COUNT_OF_CUSTOMER = "SELECT COUNT(*) AS n FROM (SELECT 1 FROM orders o WHERE o.customer_id = %s LIMIT %s) t"
_OF_THE_SKU = SearchedTable(
    has="order_lines l WHERE l.order_id = o.id AND l.sku = %s",
    found="order_lines l WHERE l.sku = %s",
    key="l.order_id",
    at="l.placed_at",
)
_DETAIL = f"""SELECT {_COLUMNS}, o.reason, o.shortages FROM orders o
  LEFT JOIN customers c ON c.id = o.customer_id WHERE o.id = %s AND o.deleted_at IS NULL"""  # noqa: S608 - a constant
_LINES = """SELECT l.line_no, l.sku, COALESCE(p.name, l.name) AS name, l.quantity, l.unit_price, l.amount, s.available
  FROM order_lines l LEFT JOIN products p ON p.sku = l.sku LEFT JOIN stock s ON s.sku = l.sku
  WHERE l.order_id = %s ORDER BY l.line_no"""


def list_orders(cursor: QueryCursor, filters: OrderFilters, signer: Signer) -> Page[OrderSummary]:
    """One page of orders.

    The cost of a page does not depend on the number of orders, with three exceptions. `customer` sorted by total reads
    all orders of the customer. `sku` reads all orders with the SKU, unless it is the only filter and the sort is by
    time. `q` costs what core/queries/search.py says; within few orders of a customer, it reads those.

    Args:
        cursor: in the snapshot's transaction.
        filters: what the client asked for; for a customer's own list with `customer` set to it.
        signer: signs and checks cursors.

    Raises:
        Malformed: the bookmark is not of this list.
        Invalid: nothing in `q` can be searched for, or a time is out of range.
    """
    bookmark = Bookmark(signer, "orders", filters)
    if _by_lines(filters):
        where, sort = _where(filters, "l.placed_at"), _sort(filters, "l.placed_at", "l.order_id")
        where.add("l.sku = %s", filters.sku)
        where.add(_FIRST_LINE)
        return read_page(cursor, _OF_SKU, where, sort, bookmark, filters.limit, _summary)
    where, sort, wanted = _where(filters), _sort(filters), _wanted(cursor, filters)
    by_time = filters.sort.endswith("placed_at")
    if wanted and not _are_few(cursor, filters):
        wanted = rarest_first(cursor, wanted, by_at=by_time)
    narrow(where, wanted)
    if not wanted:
        where.add("o.id IN (SELECT l.order_id FROM order_lines l WHERE l.sku = %s)", filters.sku)

    def page(way: Way) -> Page[OrderSummary]:
        select = _FOUND.format(found=way.found) if way.found else _ALL.format(index=_index(filters))
        return read_page(cursor, select, where, sort, bookmark, filters.limit, _summary, values=way.values)

    return first_full(ways(wanted, sort, bookmark, by_at=by_time), page)


def _are_few(cursor: QueryCursor, filters: OrderFilters) -> bool:
    """Return whether the filters leave few orders and have an index: those of a reference, or of most customers."""
    if filters.reference is not None:
        return True
    if filters.customer is None:
        return False
    cursor.execute(_COUNT_OF_CUSTOMER, (filters.customer, FEW_OF_A_CUSTOMER + 1))
    row = cursor.fetchone()
    return bool(row and row["n"] <= FEW_OF_A_CUSTOMER)


def _wanted(cursor: QueryCursor, filters: OrderFilters) -> list[Sought]:
    """Return what to search for. A search looks up the SKU as it looks up its words."""
    if filters.q is None:
        return []
    of_the_sku = [] if filters.sku is None else [Sought(filters.sku, (_OF_THE_SKU,))]
    if filters.customer is None:
        return sought(filters.q, (_OF_THE_REFERENCE, _OF_THE_CUSTOMER, _OF_THE_PRODUCTS)) + of_the_sku
    # All orders of a customer have the words of the customer. They are read once, not for each order.
    cursor.execute(_WORDS_OF_CUSTOMER, (filters.customer,))
    words = [row["word"] for row in cursor.fetchall()]
    others = sought(filters.q, (_OF_THE_REFERENCE, _OF_THE_PRODUCTS))
    return [one for one in others if not _begins(words, one.value.removesuffix("%"))] + of_the_sku


def _begins(words: Iterable[str], text: str) -> bool:
    """Return whether one of the words begins with the text."""
    return any(word.startswith(text) for word in words)


def _sort(filters: OrderFilters, placed_at: str = "o.placed_at", id: str = "o.id") -> Sort:
    first = SortKey("o.total", "total") if filters.sort.endswith("total") else SortKey(placed_at, "placed_at")
    return Sort((first, SortKey(id, "id")), filters.sort.startswith("-"))


def _where(filters: OrderFilters, placed_at: str = "o.placed_at") -> Where:
    """Return the conditions on an order's own row."""
    where = Where("o.deleted_at IS NULL")
    where.add("o.status = %s", filters.status)
    where.add("o.customer_id = %s", filters.customer)
    where.add("o.reference = %s", filters.reference)
    where.add(f"{placed_at} >= %s", _utc(filters.placed_from, "placed_from"))
    where.add(f"{placed_at} < %s", _utc(filters.placed_to, "placed_to"))
    where.add("o.total >= %s", filters.min_total)
    where.add("o.total <= %s", filters.max_total)
    where.add("o.currency = %s", filters.currency)
    return where


def _index(filters: OrderFilters) -> str:
    """Return a hint for the indexes that have a filter's rows in the order of the list; "" if there are none.

    MariaDB estimates that a range has at most half of a table's rows. If more rows have the status, it would not begin
    where a later page begins, but read the index from its end.
    """
    by_total = filters.sort.endswith("total")
    of_another_order = (filters.placed_from, filters.placed_to) if by_total else (filters.min_total, filters.max_total)
    if (filters.customer, filters.reference, filters.sku, *of_another_order) != (None,) * 5:
        return ""
    order = "total" if by_total else "placed"
    names = [f"orders_{name}_{order}" for name in ("status", "currency") if getattr(filters, name) is not None]
    return f" FORCE INDEX ({', '.join(names)})" if names else ""


def _by_lines(filters: OrderFilters) -> bool:
    """Return whether to read along a SKU's lines, newest first, instead of along the orders."""
    narrower = (filters.customer, filters.reference, filters.q)
    return filters.sku is not None and filters.sort.endswith("placed_at") and narrower == (None, None, None)


def get_order(cursor: QueryCursor, id: str) -> OrderDetail | None:
    """One order with its lines, or None when the read model has no such order."""
    cursor.execute(_DETAIL, (id,))
    row = cursor.fetchone()
    if row is None:
        return None
    cursor.execute(_LINES, (id,))
    return OrderDetail(
        **_members(row),
        reason=row["reason"],
        shortages=msgspec.json.decode(row["shortages"] or "[]", type=list[Shortage]),
        lines=[OrderLine(**line) for line in cursor.fetchall()],
    )


def _summary(row: ResultRow) -> OrderSummary:
    return OrderSummary(**_members(row))


def _members(row: ResultRow) -> dict[str, Any]:
    """Return the members that a list and a single answer share."""
    return {
        "id": row["id"],
        "version": row["version"],
        "reference": row["reference"],
        "status": row["status"],
        "customer": OrderCustomer(row["customer_id"], row["customer_name"]),
        "currency": row["currency"],
        "total": row["total"],
        "quantity": row["quantity"],
        "line_count": row["line_count"],
        "placed_at": timestamp(row["placed_at"]),
        "updated_at": timestamp(row["updated_at"]),
    }


def _utc(moment: datetime | None, parameter: str) -> datetime | None:
    """Convert a time with an offset to the read model's naive UTC."""
    if moment is None:
        return None
    try:
        return moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError as error:
        detail = "out of range in UTC: years 1 to 9999"
        raise Invalid(f"{parameter}: {detail}.", faults=[Fault(detail, parameter=parameter)]) from error
