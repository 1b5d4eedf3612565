"""Pages: together they are the whole list, in order, whatever is inserted while they are read."""

import itertools
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import msgspec
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
NAMES = ("Ada", "ada", "Äda", "Bob", "bob ", "Carla")  # equal ones under the collation, too
COUNT = 24


def fill(world: World) -> None:
    """Rows with many ties in every sort: a few values each, and equal names in several spellings."""
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
    """One page of GET /orders."""
    return list_orders(cursor, parameters, world.signer)


def customers(cursor: Any, parameters: Any, world: World) -> Page[Any]:
    """One page of GET /customers."""
    return list_customers(cursor, parameters, world.signer, "GBP")


def products(cursor: Any, parameters: Any, world: World) -> Page[Any]:
    """One page of GET /products."""
    return list_products(cursor, parameters, world.signer)


def sales_report(cursor: Any, parameters: Any, world: World) -> Page[Any]:
    """One page of GET /reports/sales."""
    return sales(cursor, parameters, world.signer, TODAY)


def low_stock_report(cursor: Any, parameters: Any, world: World) -> Page[Any]:
    """One page of GET /reports/low-stock."""
    return low_stock(cursor, parameters, world.signer)


List = Callable[[Any, Any, World], Page[Any]]
ORDER_SORTS: tuple[Any, ...] = ("placed_at", "-placed_at", "total", "-total")
CUSTOMER_SORTS: tuple[Any, ...] = ("name", "-name", "spend", "-spend", "last_order", "-last_order")
REPORTS: list[Any] = [*itertools.product(("day", "product", "customer"), ("key", "-amount"))]
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
    """A read model that these tests only read."""
    world = World(module_database)
    fill(world)
    yield world
    world.close()


@pytest.mark.parametrize(
    ("page", "parameters"), LISTS, ids=lambda value: getattr(value, "__name__", None) or repr(value)
)
def test_all_pages_are_the_whole_list(filled: World, page: List, parameters: ListParameters) -> None:
    """Pages of any size, one after the other, give the list that one large page gives, and its last has no next."""
    whole = filled.ask(page, msgspec.structs.replace(parameters, limit=200), filled)
    assert len(whole.items) > 2
    assert whole.next_cursor is None
    for limit in (1, 2, 5, len(whole.items)):
        sized = msgspec.structs.replace(parameters, limit=limit)
        assert filled.all_pages(partial(_page_of, filled, page, sized)) == whole.items


def _page_of(world: World, page: List, parameters: ListParameters, cursor: Any, following: str | None) -> Page[Any]:
    return page(cursor, msgspec.structs.replace(parameters, cursor=following), world)


@pytest.mark.parametrize("sort", ORDER_SORTS)
@pytest.mark.parametrize("sku", [None, "S2"])
def test_inserts_between_pages_move_nothing(world: World, sort: Any, sku: str | None) -> None:
    """Every order that was there is listed once and in its place, while others come in before and behind it."""
    fill(world)
    filters = OrderFilters(sort=sort, sku=sku, limit=2)
    before = world.ask(list_orders, msgspec.structs.replace(filters, limit=200), world.signer).items
    numbers = itertools.count()

    def insert() -> None:
        n = next(numbers)
        if n < 8:
            day = iso(START - timedelta(days=n % 5))
            for price in (50 * n, 300, 1000 + n):
                state = {"placed_at": day, "lines": [("S2", 1, price)]}
                world.orders({f"ord_0{n}-{price}x": state, f"ord_1{n}-{price}x": state})

    read = world.all_pages(
        lambda cursor, following: list_orders(cursor, msgspec.structs.replace(filters, cursor=following), world.signer),
        between=insert,
    )
    assert [order for order in read if not order.id.endswith("x")] == before
    assert any(order.id.endswith("x") for order in read)


def test_a_cursor_of_another_list_is_refused(filled: World) -> None:
    """A list's cursor with other filters, another sort, or sent to another list, is a 400."""
    cursor = filled.ask(list_orders, OrderFilters(limit=1), filled.signer).next_cursor
    for filters in (
        OrderFilters(cursor=cursor, sort="placed_at"),
        OrderFilters(cursor=cursor, customer="cus_01"),
        OrderFilters(cursor=f"{cursor}x"),
    ):
        with pytest.raises(Malformed, match="cursor"):
            filled.ask(list_orders, filters, filled.signer)
    with pytest.raises(Malformed, match="cursor"):
        filled.ask(list_products, ProductFilters(cursor=cursor), filled.signer)


def test_a_customers_cursor_is_no_key_to_anothers_orders(filled: World) -> None:
    """The customer that a list is narrowed to is part of what its cursors are bound to."""
    own = filled.ask(list_orders, OrderFilters(customer="cus_01", limit=1), filled.signer).next_cursor
    with pytest.raises(Malformed, match="cursor"):
        filled.ask(list_orders, OrderFilters(customer="cus_02", cursor=own), filled.signer)


def test_a_cursor_of_another_default_currency_is_refused(filled: World) -> None:
    """What a deployment adds to the filters counts as well."""
    cursor = filled.ask(list_customers, CustomerFilters(sort="spend", limit=1), filled.signer, "GBP").next_cursor
    with pytest.raises(Malformed, match="cursor"):
        filled.ask(list_customers, CustomerFilters(sort="spend", cursor=cursor), filled.signer, "EUR")


def test_a_report_goes_on_across_midnight(filled: World) -> None:
    """Without a range of its own, a report's later pages keep the range of the first, though the day changes."""
    whole = filled.ask(sales, SalesParameters(by="product"), filled.signer, TODAY).items
    days = itertools.count()

    def page(cursor: Any, following: str | None) -> Page[Any]:
        today = TODAY + timedelta(days=40 * next(days))
        return sales(cursor, SalesParameters(by="product", limit=2, cursor=following), filled.signer, today)

    assert filled.all_pages(page) == whole


def test_sums_beyond_64_bits_paginate(world: World) -> None:
    """An amount that no 64-bit integer holds is compared exactly, not as a float."""
    largest = 10**20
    with world.pool.connection() as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO sales_by_customer (day, currency, customer_id, orders, quantity, amount)"
            " VALUES (%s, 'GBP', %s, 1, 1, %s)",
            [(date(2026, 11, 20), f"cus_{n}", largest + n) for n in range(5)],
        )
    parameters = SalesParameters(by="customer", sort="-amount", limit=1)
    read = world.all_pages(
        lambda cursor, following: sales(
            cursor, msgspec.structs.replace(parameters, cursor=following), world.signer, TODAY
        )
    )
    assert [item.amount for item in read] == [largest + n for n in (4, 3, 2, 1, 0)]
