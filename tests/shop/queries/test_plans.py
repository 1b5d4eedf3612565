"""Every filter and sort has an index: EXPLAIN and the number of rows read prove it, on 100,000 orders."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from chalicelib.catalog.queries import ProductFilters, get_product, list_products
from chalicelib.core.mysql.connections import connect
from chalicelib.core.queries.listing import Page
from chalicelib.core.tokens import Signer
from chalicelib.customers.queries import CustomerFilters, get_customer, list_customers
from chalicelib.orders.answers import OrderFilters
from chalicelib.orders.queries import get_order, list_orders
from chalicelib.reports.queries import LowStockParameters, SalesParameters, low_stock, sales
from tests.shop.queries import bulk
from tests.support.waiting import COMMAND_SECONDS
from tests.support.watching import Watch

pytestmark = [pytest.mark.database, pytest.mark.slow]

SIGNER = Signer("a secret of at least thirty-two characters")
FEW = 1_500
"""Rows that a page of 50 may read: 1.5 % of the orders, 0.4 % of the lines."""
BUSY = 2_000  # orders of the busiest customer
SEARCHED = 100_000
"""Rows that a search may read, of 1,000,000: mostly of indexes alone, to find how many orders have a word."""
POPULAR = 10_000  # orders with the most popular SKU


@pytest.fixture(scope="module")
def watch(module_database: str) -> Iterator[Watch]:
    """Yield a read model of 100,000 orders."""
    connection = connect(module_database, read_timeout=COMMAND_SECONDS)
    bulk.fill(connection)
    connection.close()
    made = Watch(module_database)
    yield made
    made.close()


def at(text: str) -> datetime:
    """Return a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


ORDER_SORTS = ("placed_at", "-placed_at", "total", "-total")
NARROW = {"placed_from": at("2025-06-01"), "placed_to": at("2025-06-03")}
ORDER_FILTERS: dict[str, dict[str, Any]] = {
    "status, rare": {"status": bulk.RARE_STATUS},
    "status, some": {"status": "placed"},
    "status, common": {"status": "delivered"},
    "customer": {"customer": "cus_B7"},
    "customer, unknown": {"customer": "cus_NOBODY"},
    "sku": {"sku": "SKU-77"},
    "sku, rare": {"sku": bulk.RARE_SKU},
    "sku, unknown": {"sku": "SKU-NONE"},
    "reference": {"reference": "R5"},
    "from and to": NARROW,
    "from, long ago": {"placed_from": at("2024-03-01")},
    "from, the middle": {"placed_from": at("2025-01-01")},
    "to, the middle": {"placed_to": at("2025-01-01")},
    "to, long ago": {"placed_to": at("2024-01-03")},
    "min_total, high": {"min_total": 99_950},
    "min_total, the middle": {"min_total": 50_000},
    "max_total, low": {"max_total": 40},
    "currency, rare": {"currency": bulk.RARE_CURRENCY},
    "currency, common": {"currency": "GBP"},
    "currency, unknown": {"currency": "USD"},
    # A bookmark far from the list's begin, for a status and a currency that most orders have.
    "status, common, from the middle": {"status": "delivered", "placed_from": at("2025-01-01")},
    "status, common, to the middle": {"status": "delivered", "placed_to": at("2025-01-01")},
    "status, common, min_total": {"status": "delivered", "min_total": 50_000},
    "status, common, max_total": {"status": "delivered", "max_total": 50_000},
    "currency, common, from the middle": {"currency": "GBP", "placed_from": at("2025-01-01")},
    "currency, common, to the middle": {"currency": "GBP", "placed_to": at("2025-01-01")},
    "status and currency, common, to the middle": {
        "status": "delivered",
        "currency": "GBP",
        "placed_to": at("2025-01-01"),
    },
    # common pairs
    "status, rare, of a customer": {"status": bulk.RARE_STATUS, "customer": bulk.BUSY_CUSTOMER},
    "status, rare, long ago": {"status": bulk.RARE_STATUS, "placed_from": at("2024-03-01")},
    "status, some, long ago": {"status": "placed", "placed_from": at("2024-03-01")},
    "status, rare, and min_total": {"status": bulk.RARE_STATUS, "min_total": 50_000},
    "status, rare, of a SKU": {"status": bulk.RARE_STATUS, "sku": "SKU-77"},
    "status, of a currency": {"status": "placed", "currency": "GBP"},
    "status, of a rare currency": {"status": "delivered", "currency": bulk.RARE_CURRENCY},
    "customer, from and to": {"customer": bulk.BUSY_CUSTOMER, **NARROW},
    "customer, of a SKU": {"customer": "cus_B7", "sku": bulk.POPULAR_SKU},
    "currency, rare, long ago": {"currency": bulk.RARE_CURRENCY, "placed_from": at("2024-03-01")},
    "currency, rare, and min_total": {"currency": bulk.RARE_CURRENCY, "min_total": 50_000},
    "the middle of both": {"placed_from": at("2025-01-01"), "min_total": 50_000},
}
SEARCHES: dict[str, dict[str, Any]] = {
    "rare": {"q": bulk.RARE_WORD},
    "of a few customers": {"q": "buyer77"},
    "of a reference": {"q": "r12345"},
    "unknown": {"q": "nowhere"},
    "common": {"q": bulk.COMMON_WORD},
    "common ones, prefixes of each other": {"q": "cus cust custo custom custome customer thi thin thing sku"},
    "rare and common": {"q": f"{bulk.RARE_WORD} {bulk.COMMON_WORD}"},
    "of a SKU": {"q": "sku-77"},
    "a name and a product": {"q": "grace lantern"},
    "rare, and status": {"q": bulk.RARE_WORD, "status": "delivered"},
    "common, and a rare status": {"q": bulk.COMMON_WORD, "status": bulk.RARE_STATUS},
    "rare, and a customer": {"q": bulk.RARE_WORD, "customer": bulk.BUSY_CUSTOMER},
    "common, and a customer": {"q": bulk.COMMON_WORD, "customer": "cus_B7"},
    "rare, and a SKU": {"q": bulk.RARE_WORD, "sku": bulk.POPULAR_SKU},
    "common, and a rare SKU": {"q": bulk.COMMON_WORD, "sku": bulk.RARE_SKU},
    "rare, long ago": {"q": bulk.RARE_WORD, "placed_to": at("2024-03-01")},
}


def two_pages(watch: Watch, page: Callable[[Any, str | None], Page[Any]], most: int) -> None:
    """Check that neither the first page nor the next reads more rows than that."""
    assert watch.two_pages(page) <= most


def orders_read(watch: Watch, most: int, **filters: Any) -> None:
    """Check GET /orders with those filters."""
    wanted = OrderFilters(**filters)
    two_pages(
        watch,
        lambda cursor, following: list_orders(cursor, msgspec.structs.replace(wanted, bookmark=following), SIGNER),
        most,
    )


def pairs(filters: Mapping[str, dict[str, Any]]) -> list[Any]:
    """Return each filter with two sorts: from the newest on, since rare items are old, and one by total."""
    return [
        pytest.param(given, sort, id=f"{name}, by {sort}")
        for number, (name, given) in enumerate(filters.items())
        for sort in (ORDER_SORTS if "middle" in name else ("-placed_at", ("total", "-total")[number % 2]))
    ]


@pytest.mark.parametrize("sort", ORDER_SORTS)
def test_all_orders(watch: Watch, sort: str) -> None:
    """A page of all orders reads few rows, whatever the sort."""
    orders_read(watch, FEW, sort=sort)


@pytest.mark.parametrize(("filters", "sort"), pairs(ORDER_FILTERS))
def test_orders(watch: Watch, filters: dict[str, Any], sort: str) -> None:
    """A page of orders reads few rows, also for rare values and far from the list's begin."""
    orders_read(watch, FEW, **filters, sort=sort)


@pytest.mark.parametrize(("filters", "sort"), pairs(SEARCHES))
def test_searches(watch: Watch, filters: dict[str, Any], sort: str) -> None:
    """A page of a search reads a part of the orders, by keys or along the list, whichever is less."""
    orders_read(watch, SEARCHED, **filters, sort=sort)


@pytest.mark.parametrize("sort", ["placed_at", "-placed_at"])
@pytest.mark.parametrize("more", [{}, {"customer": bulk.BUSY_CUSTOMER}, {"status": "placed"}, NARROW])
def test_the_most_popular_sku_by_time(watch: Watch, more: dict[str, Any], sort: str) -> None:
    """The SKU's newest orders are found without reading all of them."""
    orders_read(watch, FEW, sku=bulk.POPULAR_SKU, sort=sort, **more)


@pytest.mark.parametrize("sort", ["total", "-total"])
def test_the_most_popular_sku_by_total(watch: Watch, sort: str) -> None:
    """All orders of the SKU are read and sorted, as `list_orders` says: a few rows for each, and no others."""
    orders_read(watch, 6 * POPULAR, sku=bulk.POPULAR_SKU, sort=sort)


@pytest.mark.parametrize("sort", ["total", "-total"])
@pytest.mark.parametrize("more", [{}, {"status": "delivered"}, {"sku": bulk.POPULAR_SKU}])
def test_the_busiest_customer_by_total(watch: Watch, more: dict[str, Any], sort: str) -> None:
    """All the customer's orders are read and sorted."""
    orders_read(watch, 2 * BUSY, customer=bulk.BUSY_CUSTOMER, sort=sort, **more)


@pytest.mark.parametrize("sort", ["placed_at", "-placed_at"])
def test_the_busiest_customer_by_time(watch: Watch, sort: str) -> None:
    """One page is read."""
    orders_read(watch, FEW, customer=bulk.BUSY_CUSTOMER, sort=sort)


@pytest.mark.parametrize("filters", [{}, {"currency": bulk.RARE_CURRENCY}, {"currency": "USD"}])
@pytest.mark.parametrize("sort", ["name", "-name", "spend", "-spend", "last_order", "-last_order"])
def test_customers(watch: Watch, filters: dict[str, Any], sort: Any) -> None:
    """A page of customers reads few rows of 5,000."""
    wanted = CustomerFilters(sort=sort, **filters)
    two_pages(
        watch,
        lambda cursor, following: list_customers(
            cursor, msgspec.structs.replace(wanted, bookmark=following), SIGNER, "GBP"
        ),
        FEW,
    )


PRODUCT_FILTERS: list[dict[str, Any]] = [
    {},
    {"min_price": 9_990},
    {"min_price": 5_000},
    {"max_price": 5},
    {"currency": bulk.RARE_CURRENCY},
    {"currency": bulk.RARE_CURRENCY, "min_price": 5_000},
    {"currency": "USD"},
    {"in_stock": True},
]


@pytest.mark.parametrize("filters", PRODUCT_FILTERS, ids=repr)
@pytest.mark.parametrize("sort", ["sku", "name", "price", "-price"])
def test_products(watch: Watch, filters: dict[str, Any], sort: Any) -> None:
    """A page of products reads few rows of 4,000."""
    wanted = ProductFilters(sort=sort, **filters)
    two_pages(
        watch,
        lambda cursor, following: list_products(cursor, msgspec.structs.replace(wanted, bookmark=following), SIGNER),
        FEW,
    )


@pytest.mark.parametrize("q", ["buyer77", "customer", "customer ada", "buyer77 grace com", "nowhere"])
@pytest.mark.parametrize("sort", ["name", "-name", "spend", "-spend", "last_order", "-last_order"])
def test_customers_searched(watch: Watch, sort: Any, q: str) -> None:
    """A search reads some rows for each customer with the rarest word, or reads along the list if many have it."""
    wanted = CustomerFilters(sort=sort, q=q)
    two_pages(
        watch,
        lambda cursor, following: list_customers(
            cursor, msgspec.structs.replace(wanted, bookmark=following), SIGNER, "GBP"
        ),
        4 * bulk.CUSTOMERS,
    )


@pytest.mark.parametrize("q", ["sku-77", "thing", "red lantern", bulk.RARE_WORD, "nowhere"])
@pytest.mark.parametrize("sort", ["sku", "name", "price", "-price"])
def test_products_searched(watch: Watch, sort: Any, q: str) -> None:
    """A search reads some rows for each product with the rarest word, or reads along the list if many have it."""
    wanted = ProductFilters(sort=sort, q=q)
    two_pages(
        watch,
        lambda cursor, following: list_products(cursor, msgspec.structs.replace(wanted, bookmark=following), SIGNER),
        15 * bulk.PRODUCTS,
    )


@pytest.mark.parametrize("sort", ["sku", "name", "price", "-price"])
def test_products_out_of_stock(watch: Watch, sort: Any) -> None:
    """If almost nothing is out of stock, the catalog is read in the order of the sort, as the query says."""
    _, read = watch(lambda cursor: list_products(cursor, ProductFilters(sort=sort, in_stock=False), SIGNER))
    assert read <= 2 * bulk.PRODUCTS


@pytest.mark.parametrize(
    ("by", "sort", "currency"),
    [*itertools.product(("day", "product", "customer"), ("key", "-amount"), (None, "GBP", bulk.RARE_CURRENCY))],
)
def test_reports_read_their_range_alone(watch: Watch, by: Any, sort: Any, currency: str | None) -> None:
    """A report of thirty days reads the summaries of those days, a few times, and no order."""
    first, last = date(2025, 3, 1), date(2025, 3, 30)
    table = "sales_by_product" if by == "product" else "sales_by_customer"

    def count(cursor: Any) -> int:
        cursor.execute(f"SELECT COUNT(*) AS n FROM {table} WHERE day BETWEEN %s AND %s", (first, last))
        return int(cursor.fetchone()["n"])

    rows, _ = watch(count)
    parameters = SalesParameters(by=by, sort=sort, currency=currency, from_=first, to=last)
    two_pages(
        watch,
        lambda cursor, following: sales(cursor, msgspec.structs.replace(parameters, bookmark=following), SIGNER, last),
        8 * rows,
    )


@pytest.mark.parametrize("currency", [None, "GBP"])
@pytest.mark.parametrize("by", ["day", "product", "customer"])
def test_reports_over_all_years(watch: Watch, by: Any, currency: str | None) -> None:
    """Sorted by key, a page reads what it shows, once it is known that there is more: of 80,000 rows, or 250,000."""
    parameters = SalesParameters(by=by, currency=currency, from_=date(1970, 1, 1), to=date(2026, 12, 31))
    two_pages(
        watch,
        lambda cursor, following: sales(
            cursor, msgspec.structs.replace(parameters, bookmark=following), SIGNER, date(2026, 12, 31)
        ),
        60_000,
    )


def test_low_stock(watch: Watch) -> None:
    """Only products with low stock are read."""
    two_pages(
        watch,
        lambda cursor, following: low_stock(cursor, LowStockParameters(limit=20, bookmark=following), SIGNER),
        FEW,
    )


@pytest.mark.parametrize(
    ("query", "id"),
    [
        (get_order, "ord_00050000"),
        (get_order, "ord_none"),
        (get_customer, bulk.BUSY_CUSTOMER),
        (get_product, "SKU-77"),
    ],
)
def test_single_items(watch: Watch, query: Callable[[Any, str], Any], id: str) -> None:
    """Single items are found by their keys."""
    _, read = watch(lambda cursor: query(cursor, id))
    assert read <= 500
