"""Reports from the summaries that the projector keeps. Their cost grows with the days in the range."""

from datetime import date
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import UNSET, Meta, Struct, UnsetType, field

from chalicelib.core.errors import Fault, Invalid
from chalicelib.core.queries.limit import QueryCursor
from chalicelib.core.queries.listing import (
    Bookmark,
    ListParameters,
    Page,
    Sort,
    SortKey,
    Where,
    bad_bookmark,
    read_page,
)
from chalicelib.core.tokens import Signer
from chalicelib.vocabulary import Currency, Money

DEFAULT_DAYS = 30


class SalesParameters(ListParameters, frozen=True):
    """The range, the grouping and the sort of a sales report."""

    by: Literal["day", "product", "customer"] = "day"
    from_: Annotated[date, Meta(description="The first UTC day. Default: 30 days before the end.")] | None = field(
        default=None, name="from"
    )
    to: Annotated[date, Meta(description="The last UTC day, inclusive. Default: today.")] | None = None
    currency: Annotated[Currency, Meta(extra={"unindexed": "a report reads its days, in any currency"})] | None = None
    sort: Annotated[
        Literal["key", "-amount"],
        Meta(
            description="Sort by group key, or by amount, descending. By amount, all sales of the range are added up."
            " For years that may take too long, which is 422 `too-costly`: ask for a shorter range."
        ),
    ] = "key"


class SalesItem(Struct, frozen=True, kw_only=True):
    """The sales of a day, a product or a customer in one currency. Only the member of the grouping is set.

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


# An order has one customer, so the sums by customer and day also count each order of a day once. The currency is a
# condition on the groups (HAVING MAX). As a condition on the rows, MariaDB treats it as a constant and does not
# use the index's order for the groups.
_SUMS = """SELECT {key}, currency, SUM(orders) AS orders, SUM(quantity) AS quantity, SUM(amount) AS amount
  FROM {table} FORCE INDEX ({index}) {where} GROUP BY {key}, currency HAVING SUM(orders) > 0{currency}"""
_COUNT = "SELECT COUNT(*) AS n FROM (SELECT 1 FROM {table} FORCE INDEX (PRIMARY) {where} LIMIT {most}) t"
# A range with at most so many rows is read by its days and added up whole. Otherwise a page sorted by key reads the
# index by key, and the more of it the rarer the range's rows are, or those of the wanted currency. Sorted by amount, a
# page reads all of it.
_MOST_OF_A_PAGE = 1_000
_MOST_ADDED = 20_000


class _Report(NamedTuple):
    """How a report is read.

    Attributes:
        key: the column of the grouping.
        table: the summary's table.
        by_key: the table's index that begins with the key.
        covering: whether that index has all the summed columns.
        select: the statement that shows the sums of a page.
    """

    key: str
    table: str
    by_key: str
    covering: bool
    select: str


_SALES = {
    "day": _Report("day", "sales_by_customer", "PRIMARY", True, "SELECT t.* FROM ({page}) t"),
    "product": _Report(
        "sku",
        "sales_by_product",
        "sales_by_product_sku",
        False,
        "SELECT t.*, p.name FROM ({page}) t LEFT JOIN products p ON p.sku = t.sku",
    ),
    "customer": _Report(
        "customer_id",
        "sales_by_customer",
        "sales_by_customer_customer",
        True,
        "SELECT t.*, c.name FROM ({page}) t LEFT JOIN customers c ON c.id = t.customer_id",
    ),
}
_LOW_STOCK = """SELECT s.sku, p.name, s.on_hand, s.reserved, s.available
  FROM stock s LEFT JOIN products p ON p.sku = s.sku"""
_LOW_STOCK_SORT = Sort((SortKey("s.available", "available"), SortKey("s.sku", "sku")))


def sales(cursor: QueryCursor, parameters: SalesParameters, signer: Signer, today: date) -> Page[SalesItem]:
    """One page of the sales report.

    Sorted by key, the cost depends on the page only, not on the range. Sorted by amount, the server adds up the whole
    range. Past the time limit the answer is 422 too-costly; a shorter range helps.

    Args:
        cursor: in the snapshot's transaction.
        parameters: what the client asked for.
        signer: signs and checks cursors.
        today: the UTC day that ends a range without an end.

    Raises:
        Malformed: the bookmark is not of this list.
        Invalid: the range ends before it begins.
    """
    bookmark = Bookmark(signer, "sales", parameters)
    # The cursor carries it, so that pages read across midnight belong to the same range.
    carried = _carried(bookmark) if bookmark.position is not None else today.isoformat()
    report, by_key = _SALES[parameters.by], parameters.sort == "key"
    sort = _sort(report, "t.", by_key=by_key)
    position = bookmark.position_in(sort, carried=1)
    range_ = _range(parameters, date.fromisoformat(carried))
    index = _index(cursor, report, range_, parameters)
    if index != "PRIMARY":
        # Makes it a range, and in a range the server tests the days in the index, before it reads rows.
        range_.add(f"{report.key} >= ''")
    page, values = (_by_key if by_key else _by_amount)(report, index, range_, parameters, position)
    return read_page(
        cursor,
        report.select.format(page=page),
        Where(),
        sort,
        bookmark,
        parameters.limit,
        lambda row: SalesItem(**row),
        values=values,
        carried=(carried,),
    )


def _sort(report: _Report, table: str, *, by_key: bool) -> Sort:
    keys = (SortKey(f"{table}{report.key}", report.key), SortKey(f"{table}currency", "currency"))
    return Sort(keys) if by_key else Sort((SortKey(f"{table}amount", "amount"), *keys), descending=True)


def _index(cursor: QueryCursor, report: _Report, range_: Where, parameters: SalesParameters) -> str:
    """Choose the index for the sums: the index of the days, or for a long range the one that begins with the key.

    The latter gives the groups in order, so that a page sorted by key reads only what it shows. For adding up the
    whole range it helps only if it holds the summed columns.
    """
    by_key = parameters.sort == "key"
    if report.by_key == "PRIMARY" or not (by_key or report.covering):
        return "PRIMARY"
    most = _MOST_OF_A_PAGE if by_key and parameters.currency is None else _MOST_ADDED
    cursor.execute(_COUNT.format(table=report.table, where=range_.sql, most=most + 1), range_.values)
    row = cursor.fetchone()
    return report.by_key if row and row["n"] > most else "PRIMARY"


def _by_key(
    report: _Report, index: str, range_: Where, parameters: SalesParameters, position: list[Any] | None
) -> tuple[str, tuple[Any, ...]]:
    """Return the statement for a page sorted by key, and its values."""
    sort = _sort(report, "", by_key=True)
    sums, values = _sums(report, index, range_ if position is None else range_.behind(sort, position), parameters)
    return f"{sums} {sort.order_by} LIMIT {parameters.limit + 1}", values


def _by_amount(
    report: _Report, index: str, range_: Where, parameters: SalesParameters, position: list[Any] | None
) -> tuple[str, tuple[Any, ...]]:
    """Return the statement for the largest amounts. It adds up all, and joins names only to those shown."""
    sort = _sort(report, "u.", by_key=False)
    sums, values = _sums(report, index, range_, parameters)
    where = Where() if position is None else Where().behind(sort, position)
    page = f"SELECT u.* FROM ({sums}) u {where.sql} {sort.order_by} LIMIT {parameters.limit + 1}"  # noqa: S608
    return page, (*values, *where.values)


def _sums(report: _Report, index: str, where: Where, parameters: SalesParameters) -> tuple[str, tuple[Any, ...]]:
    currency = " AND MAX(currency) = %s" if parameters.currency else ""
    sums = _SUMS.format(key=report.key, table=report.table, index=index, where=where.sql, currency=currency)
    return sums, (*where.values, *([parameters.currency] if parameters.currency else []))


def low_stock(cursor: QueryCursor, parameters: LowStockParameters, signer: Signer) -> Page[LowStockItem]:
    """One page of products that are running out and still in the catalog, the scarcest first.

    Args:
        cursor: in the snapshot's transaction.
        parameters: what the client asked for.
        signer: signs and checks cursors.

    Raises:
        Malformed: the bookmark is not of this list.
    """
    where = Where("s.deleted_at IS NULL", "p.deleted_at IS NULL")
    where.add("s.available <= %s", parameters.threshold)
    bookmark = Bookmark(signer, "low-stock", parameters)
    return read_page(
        cursor, _LOW_STOCK, where, _LOW_STOCK_SORT, bookmark, parameters.limit, lambda row: LowStockItem(**row)
    )


def _carried(bookmark: Bookmark) -> str:
    """Return the `today` of the report's first page."""
    position = bookmark.position or []
    if not position:
        raise bad_bookmark()
    return str(position[0])


def _range(parameters: SalesParameters, today: date) -> Where:
    """Return the condition on the range's days."""
    last = parameters.to or today
    first = parameters.from_ or date.fromordinal(max(1, last.toordinal() - DEFAULT_DAYS + 1))
    if first > last:
        detail = f"{first} is after the range's last day, {last}"
        raise Invalid(f"from: {detail}.", faults=[Fault(detail, parameter="from")])
    where = Where()
    where.add("day BETWEEN %s AND %s", first, last)
    return where
