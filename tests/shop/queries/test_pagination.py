"""All pages together are the whole list, in order, even if items are inserted meanwhile."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.catalog.queries import ProductFilters, list_products
from chalicelib.core.errors import Malformed
from chalicelib.core.queries.listing import ListParameters, Page
from chalicelib.customers.queries import CustomerFilters, list_customers
from chalicelib.orders.answers import OrderFilters
from chalicelib.orders.queries import list_orders
from chalicelib.reports.queries import LowStockParameters, SalesParameters, low_stock, sales
from tests.shop.histories import START, iso
from tests.shop.queries.world import World

pytestmark = pytest.mark.database

TODAY = START.date()
NAMES = ("Ada", "ada", "Äda", "Bob", "bob ", "Carla")  # the names are equal under the collation, too
COUNT = 24


def fill(world: World) -> None:
    """Project rows with many ties in every sort: a few values each, and equal names in several spellings."""
    numbers = range(COUNT)
    world.orders(
        {
            f"ord_{n:02}": {
                "customer_id": f"cus_{n % 12:02}",
                "placed_at": iso(START - timedelta(days=n % 4)),
                "status": ("confirmed", "placed", "shipped")[n % 3],
                "lines": [(f"S{n % 9}", 1 + n % 2, 100), (f"S{n % 9}", 1, 100), (f"S{n % 5}", 1, 50)],
                "currency": ("GBP", "GBP", "EUR")[n % 3],
            }
            for n in numbers
        }
    )
    for n in range(12):
        world.customer(f"cus_{n:02}", name=NAMES[n % 6].strip(), deleted=n == 5)
        world.product(f"S{n}", name=NAMES[n % 6].strip(), price=100 * (n % 3), deleted=n == 7)
        world.stock(f"S{n}", on_hand=n % 4)


def orders(cursor: Any, parameters: Any, world: World) -> Page[Any]:
    """Return one page of GET /orders."""
    return list_orders(cursor, parameters, world.signer)


def customers(cursor: Any, parameters: Any, world: World) -> Page[Any]:
    """Return one page of GET /customers."""
    return list_customers(cursor, parameters, world.signer, "GBP")


def products(cursor: Any, parameters: Any, world: World) -> Page[Any]:
    """Return one page of GET /products."""
    return list_products(cursor, parameters, world.signer)


def sales_report(cursor: Any, parameters: Any, world: World) -> Page[Any]:
    """Return one page of GET /reports/sales."""
    return sales(cursor, parameters, world.signer, TODAY)


def low_stock_report(cursor: Any, parameters: Any, world: World) -> Page[Any]:
    """Return one page of GET /reports/low-stock."""
    return low_stock(cursor, parameters, world.signer)


ORDER_SORTS: tuple[Any, ...] = ("placed_at", "-placed_at", "total", "-total")
CUSTOMER_SORTS: tuple[Any, ...] = ("name", "-name", "spend", "-spend", "last_order", "-last_order")
REPORTS: list[Any] = [*itertools.product(("day", "product", "customer"), ("key", "-amount"))]
List = Callable[..., Page[Any]]
LISTS: list[tuple[List, ListParameters]] = [
    *((orders, OrderFilters(sort=sort)) for sort in ORDER_SORTS),
    *((orders, OrderFilters(sort=sort, sku="S2")) for sort in ORDER_SORTS),
    *((orders, OrderFilters(sort=sort, q="a s")) for sort in ORDER_SORTS),
    *((orders, OrderFilters(sort=sort, status="placed", currency="GBP")) for sort in ORDER_SORTS),
    *((customers, CustomerFilters(sort=sort)) for sort in CUSTOMER_SORTS),
    *((products, ProductFilters(sort=sort)) for sort in ("sku", "name", "price", "-price")),
    *((products, ProductFilters(sort=sort, in_stock=True)) for sort in ("sku", "-price")),
    *((sales_report, SalesParameters(by=by, sort=sort)) for by, sort in REPORTS),
    (low_stock_report, LowStockParameters(threshold=2)),
]


@pytest.fixture(scope="module")
def filled(module_database: str) -> Any:
    """Return a read model that these tests only read."""
    world = World(module_database)
    fill(world)
    yield world
    world.close()


@pytest.mark.parametrize(
    ("page", "parameters"), LISTS, ids=lambda value: getattr(value, "__name__", None) or repr(value)
)
def test_all_pages_are_the_whole_list(filled: World, page: List, parameters: ListParameters) -> None:
    """Pages of any size give the same list as one large page, and the last page has no next."""
    filled.check_pages(partial(page, world=filled), parameters)


def test_a_cursor_of_another_default_currency_is_refused(filled: World) -> None:
    """A cursor belongs to the filters, including those that a deployment adds."""
    cursor = filled.ask(list_customers, CustomerFilters(sort="spend", limit=1), filled.signer, "GBP").next_bookmark
    with pytest.raises(Malformed, match="cursor"):
        filled.ask(list_customers, CustomerFilters(sort="spend", bookmark=cursor), filled.signer, "EUR")


def test_a_report_goes_on_across_midnight(filled: World) -> None:
    """A report without a range of its own keeps the first page's range on later pages, even if the day changes."""
    whole = filled.ask(sales, SalesParameters(by="product"), filled.signer, TODAY).items
    days = itertools.count()

    def page(cursor: Any, following: str | None) -> Page[Any]:
        today = TODAY + timedelta(days=40 * next(days))
        return sales(cursor, SalesParameters(by="product", limit=2, bookmark=following), filled.signer, today)

    assert filled.all_pages(page) == whole
