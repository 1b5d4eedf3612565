"""The queries about customers, with their orders."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from chalicelib.core.queries.answers import Timestamp, Version, timestamp
from chalicelib.core.queries.limit import QueryCursor, ResultRow
from chalicelib.core.queries.listing import Bookmark, ListParameters, Page, Sort, SortKey, Where, read_page
from chalicelib.core.queries.search import (
    MATCHING,
    SearchedTable,
    SearchText,
    Way,
    first_full,
    narrow,
    rarest_first,
    sought,
    ways,
)
from chalicelib.core.tokens import Signer
from chalicelib.vocabulary import Currency, Money


class CustomerFilters(ListParameters, frozen=True):
    """The filters and the sort of a list of customers."""

    q: Annotated[SearchText, Meta(description=f"{MATCHING} Searches the name and the e-mail address.")] | None = None
    currency: (
        Annotated[
            Currency,
            Meta(
                description="The currency of `orders`, and of the sorts by spend and"
                " last order. Default: the deployment's currency."
            ),
        ]
        | None
    ) = None
    sort: Annotated[
        Literal["name", "-name", "spend", "-spend", "last_order", "-last_order"],
        Meta(description="The sorts by spend and last order list only customers who have ordered in the currency."),
    ] = "name"


class CustomerOrders(Struct, frozen=True, kw_only=True):
    """A customer's orders in one currency.

    Count and spend cover confirmed, shipped and delivered orders. The last order may have any status.
    """

    currency: str
    order_count: int
    spend: Money
    last_order_at: Timestamp | None


class CustomerFields(Struct, frozen=True, kw_only=True):
    """The fields that a list and a single answer share."""

    id: str
    version: Version
    name: str
    email: str
    country: str | None
    created_at: Timestamp
    updated_at: Timestamp


class CustomerSummary(CustomerFields, frozen=True, kw_only=True):
    """A customer in a list. `orders` is null if there are none in the currency."""

    orders: CustomerOrders | None


class CustomerDetail(CustomerFields, frozen=True, kw_only=True):
    """A customer, with its orders in each currency."""

    orders: list[CustomerOrders]


_CUSTOMER = "c.id, c.version, c.name, c.email, c.country, c.created_at, c.updated_at"
_ORDERS = "s.currency, s.order_count, s.spend, s.last_order_at"
_BY_NAME = f"""SELECT {_CUSTOMER}, {_ORDERS} FROM customers c
  LEFT JOIN customer_spend s ON s.customer_id = c.id AND s.currency = %s"""  # noqa: S608 - constants above
# The summary first, whose index has the order of the list; MySQL would rather sort all customers.
_BY_ORDERS = f"""SELECT {_CUSTOMER}, {_ORDERS} FROM customer_spend s
  STRAIGHT_JOIN customers c ON c.id = s.customer_id AND s.currency = %s"""  # noqa: S608 - constants above
# The same, driven by keys; by orders, only customers with a summary.
_FOUND = f"""SELECT {_CUSTOMER}, {_ORDERS} FROM {{found}} STRAIGHT_JOIN customers c ON c.id = found.id
  {{join}} JOIN customer_spend s ON s.customer_id = c.id AND s.currency = %s"""  # noqa: S608 - constants above
_SEARCHED = (
    SearchedTable(
        has="customer_words w WHERE w.id = c.id AND w.word LIKE %s",
        found="customer_words w WHERE w.word LIKE %s",
        key="w.id",
    ),
)
_DETAIL = f"SELECT {_CUSTOMER} FROM customers c WHERE c.id = %s AND c.deleted_at IS NULL"  # noqa: S608 - a constant
_DETAIL_ORDERS = f"SELECT {_ORDERS} FROM customer_spend s WHERE s.customer_id = %s ORDER BY s.currency"  # noqa: S608 - a constant
_KEYS = {
    "name": (SortKey("c.name", "name"), SortKey("c.id", "id")),
    "spend": (SortKey("s.spend", "spend"), SortKey("s.customer_id", "id")),
    "last_order": (SortKey("s.last_order_at", "last_order_at"), SortKey("s.customer_id", "id")),
}


def list_customers(
    cursor: QueryCursor, filters: CustomerFilters, signer: Signer, default_currency: str
) -> Page[CustomerSummary]:
    """One page of customers who are not deleted.

    Args:
        cursor: in the snapshot's transaction.
        filters: what the client asked for.
        signer: signs and checks cursors.
        default_currency: where the filters name none.

    Raises:
        Malformed: the bookmark is not of this list.
        Invalid: nothing in `q` can be searched for.
    """
    currency = filters.currency or default_currency
    by = filters.sort.removeprefix("-")
    where = Where("c.deleted_at IS NULL")
    wanted = [] if filters.q is None else rarest_first(cursor, sought(filters.q, _SEARCHED))
    narrow(where, wanted)
    sort = Sort(_KEYS[by], filters.sort.startswith("-"))
    bookmark = Bookmark(signer, "customers", filters, currency)

    def page(way: Way) -> Page[CustomerSummary]:
        select = _BY_NAME if by == "name" else _BY_ORDERS
        if way.found:
            select = _FOUND.format(found=way.found, join="LEFT" if by == "name" else "")
        values = (*way.values, currency)
        return read_page(cursor, select, where, sort, bookmark, filters.limit, _summary, values=values)

    return first_full(ways(wanted, sort, bookmark), page)


def get_customer(cursor: QueryCursor, id: str) -> CustomerDetail | None:
    """One customer, or None when the read model has no such customer or it is deleted."""
    cursor.execute(_DETAIL, (id,))
    row = cursor.fetchone()
    if row is None:
        return None
    cursor.execute(_DETAIL_ORDERS, (id,))
    return CustomerDetail(**_members(row), orders=[_orders(orders) for orders in cursor.fetchall()])


def _summary(row: ResultRow) -> CustomerSummary:
    return CustomerSummary(**_members(row), orders=_orders(row) if row["currency"] else None)


def _members(row: ResultRow) -> dict[str, Any]:
    names = ("id", "version", "name", "email", "country")
    times = ("created_at", "updated_at")
    return {name: row[name] for name in names} | {name: timestamp(row[name]) for name in times}


def _orders(row: ResultRow) -> CustomerOrders:
    last = row["last_order_at"]
    return CustomerOrders(
        currency=row["currency"],
        order_count=row["order_count"],
        spend=int(row["spend"]),
        last_order_at=timestamp(last) if last else None,
    )
