"""The queries about products, with their stock and their sales."""

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
from chalicelib.vocabulary import Currency, MinorUnits, Money


class ProductFilters(ListParameters, frozen=True):
    """The filters and the sort of a list of products."""

    q: Annotated[SearchText, Meta(description=f"{MATCHING} Searches the name and the SKU.")] | None = None
    min_price: MinorUnits | None = None
    max_price: MinorUnits | None = None
    currency: Currency | None = None
    in_stock: (
        Annotated[
            bool,
            Meta(
                description="true: only products that are available. false: only products that are not.",
                extra={"unindexed": "what is not available is found along the list"},
            ),
        ]
        | None
    ) = None
    sort: Literal["sku", "name", "price", "-price"] = "sku"


class ProductSummary(Struct, frozen=True, kw_only=True):
    """A product in a list. `on_hand` and `available` are null while its stock is not known."""

    sku: str
    version: Version
    name: str
    price: Money
    currency: str
    on_hand: int | None
    available: Annotated[int | None, Meta(description="Pieces on hand that are not reserved.")]
    created_at: Timestamp
    updated_at: Timestamp


class ProductSales(Struct, frozen=True, kw_only=True):
    """All sales of a product in one currency: number of orders, pieces and amount."""

    currency: str
    orders: int
    quantity: int
    amount: Money


class ProductDetail(ProductSummary, frozen=True, kw_only=True):
    """A product with its description, reserved pieces and sales."""

    description: str
    reserved: int | None
    sales: list[ProductSales]


_COLUMNS = "p.sku, p.version, p.name, p.price, p.currency, s.on_hand, s.available, p.created_at, p.updated_at"
_LIST = f"SELECT {_COLUMNS} FROM products p LEFT JOIN stock s ON s.sku = p.sku"  # noqa: S608 - constants above
# The same, driven by keys.
_FOUND = f"""SELECT {_COLUMNS} FROM {{found}} STRAIGHT_JOIN products p ON p.sku = found.id
  LEFT JOIN stock s ON s.sku = p.sku"""  # noqa: S608 - constants above
_SEARCHED = (
    SearchedTable(
        has="product_words w WHERE w.id = p.sku AND w.word LIKE %s",
        found="product_words w WHERE w.word LIKE %s",
        key="w.id",
    ),
)
_DETAIL = f"""SELECT {_COLUMNS}, p.description, s.reserved FROM products p LEFT JOIN stock s ON s.sku = p.sku
  WHERE p.sku = %s AND p.deleted_at IS NULL"""  # noqa: S608 - constants above
_SALES = """SELECT currency, SUM(orders) AS orders, SUM(quantity) AS quantity, SUM(amount) AS amount
  FROM sales_by_product WHERE sku = %s GROUP BY currency HAVING SUM(orders) > 0 ORDER BY currency"""
_SKU = SortKey("p.sku", "sku")
_SORTS = {
    "sku": Sort((_SKU,)),
    "name": Sort((SortKey("p.name", "name"), _SKU)),
    "price": Sort((SortKey("p.price", "price"), _SKU)),
    "-price": Sort((SortKey("p.price", "price"), _SKU), descending=True),
}


def list_products(cursor: QueryCursor, filters: ProductFilters, signer: Signer) -> Page[ProductSummary]:
    """One page of products that are not discontinued.

    Args:
        cursor: in the snapshot's transaction.
        filters: what the client asked for.
        signer: signs and checks cursors.

    Raises:
        Malformed: the bookmark is not of this list.
        Invalid: nothing in `q` can be searched for.
    """
    where = Where("p.deleted_at IS NULL")
    where.add("p.price >= %s", filters.min_price)
    where.add("p.price <= %s", filters.max_price)
    where.add("p.currency = %s", filters.currency)
    if filters.in_stock is not None:
        where.add("s.available > 0" if filters.in_stock else "COALESCE(s.available, 0) <= 0")
    wanted = [] if filters.q is None else rarest_first(cursor, sought(filters.q, _SEARCHED))
    narrow(where, wanted)
    sort, bookmark = _SORTS[filters.sort], Bookmark(signer, "products", filters)

    def page(way: Way) -> Page[ProductSummary]:
        select = _FOUND.format(found=way.found) if way.found else _LIST
        return read_page(cursor, select, where, sort, bookmark, filters.limit, _summary, values=way.values)

    return first_full(ways(wanted, sort, bookmark), page)


def get_product(cursor: QueryCursor, sku: str) -> ProductDetail | None:
    """One product, or None when the read model has no such product or it is discontinued."""
    cursor.execute(_DETAIL, (sku,))
    row = cursor.fetchone()
    if row is None:
        return None
    cursor.execute(_SALES, (sku,))
    return ProductDetail(
        **_members(row),
        description=row["description"],
        reserved=row["reserved"],
        sales=[_sales(sales) for sales in cursor.fetchall()],
    )


def _summary(row: ResultRow) -> ProductSummary:
    return ProductSummary(**_members(row))


def _members(row: ResultRow) -> dict[str, Any]:
    names = ("sku", "version", "name", "price", "currency", "on_hand", "available")
    times = ("created_at", "updated_at")
    return {name: row[name] for name in names} | {name: timestamp(row[name]) for name in times}


def _sales(row: ResultRow) -> ProductSales:
    sums = {name: int(row[name]) for name in ("orders", "quantity", "amount")}
    return ProductSales(currency=row["currency"], **sums)
