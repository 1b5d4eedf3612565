"""The answers of queries about orders, over orders, customers, catalog and inventory."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from chalicelib.core.errors import Invalid
from chalicelib.orders.answers import OrderCustomer, OrderFilters, OrderLine, OrderSummary, Shortage
from chalicelib.orders.queries import get_order, list_orders
from tests.shop.histories import START, iso
from tests.shop.queries.world import World, ids

pytestmark = pytest.mark.database


def listed(world: World, **filters: Any) -> list[str]:
    """Return the ids of the orders in a list with those filters, oldest first unless sorted otherwise."""
    return ids(world.ask(list_orders, OrderFilters(**{"sort": "placed_at", **filters}), world.signer).items)


def test_an_order_in_a_list(world: World) -> None:
    """A list shows the customer by its present name, pieces and lines, and times in UTC with milliseconds."""
    world.customer(name="Ada King")
    world.order(reference="R-1", lines=[("A", 2, 150), ("B", 1, 75), ("A", 1, 140)])
    assert world.ask(list_orders, OrderFilters(), world.signer).items == [
        OrderSummary(
            id="ord_1",
            version=1,
            reference="R-1",
            status="placed",
            customer=OrderCustomer("cus_1", "Ada King"),
            currency="GBP",
            total=515,
            quantity=4,
            line_count=3,
            placed_at="2026-11-23T10:00:00.000Z",
            updated_at="2026-11-23T10:00:01.000Z",
        )
    ]


def test_an_order_with_its_lines(world: World) -> None:
    """A line has the product's present name and its available stock, across three services."""
    world.product("A", 2, name="Newer name")
    world.stock("A", on_hand=10, reserved=4)
    world.order(lines=[("A", 2, 150), ("B", 1, 75)])
    order = world.ask(get_order, "ord_1")
    assert order is not None
    assert order.reason is None
    assert order.shortages == []
    assert order.lines == [
        OrderLine(line_no=1, sku="A", name="Newer name", quantity=2, unit_price=150, amount=300, available=6),
        OrderLine(line_no=2, sku="B", name="Product B", quantity=1, unit_price=75, amount=75, available=None),
    ]


def test_why_an_order_was_rejected_or_cancelled(world: World) -> None:
    """Shortages and reason are shown as they were recorded."""
    world.order("ord_1", status="rejected", shortages=[{"sku": "A", "requested": 2, "available": 1}])
    world.order("ord_2", status="cancelled", reason='changed "my" mind 😀')
    rejected, cancelled = world.ask(get_order, "ord_1"), world.ask(get_order, "ord_2")
    assert rejected is not None
    assert rejected.shortages == [Shortage("A", 2, 1)]
    assert cancelled is not None
    assert cancelled.reason == 'changed "my" mind 😀'


def test_an_order_that_came_before_its_customer(world: World) -> None:
    """The services' streams come in any order. Missing parts are null, and the order is shown."""
    world.order()
    assert world.ask(list_orders, OrderFilters(), world.signer).items[0].customer == OrderCustomer("cus_1", None)
    order = world.ask(get_order, "ord_1")
    assert order is not None
    assert (order.customer.name, order.lines[0].name, order.lines[0].available) == (None, "Product A", None)


def test_an_order_that_outlives_its_customer_and_its_product(world: World) -> None:
    """A deleted item's tombstone still has its name."""
    world.order()
    world.customer(version=2, name="Gone Customer", deleted=True)
    world.product("A", version=2, name="Gone product", deleted=True)
    order = world.ask(get_order, "ord_1")
    assert order is not None
    assert (order.customer.name, order.lines[0].name) == ("Gone Customer", "Gone product")
    assert listed(world) == ["ord_1"]


def test_there_is_no_such_order(world: World) -> None:
    """An order is not found by its id in another case, since ids are compared as DynamoDB does."""
    world.order()
    assert world.ask(get_order, "ord_2") is None
    assert world.ask(get_order, "ORD_1") is None


def test_each_filter_alone_and_together(world: World) -> None:
    """Every filter narrows the list, and several filters apply together."""
    for n in range(6):
        world.order(
            f"ord_{n}",
            status=("placed", "confirmed")[n % 2],
            customer_id=f"cus_{n % 3}",
            reference=f"R{n}",
            currency=("GBP", "EUR")[n == 5],
            placed_at=iso(START + timedelta(hours=n)),
            lines=[("A", 1, 100 * n), (f"SKU{n}", 1, 0)],
        )
    for sku in ("A", "SKU3", "SKU4"):
        world.product(sku)
    at = START + timedelta(hours=3)
    for filters, expected in (
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"status": "confirmed"}, [1, 3, 5]),
        ({"status": "shipped"}, []),
        ({"customer": "cus_1"}, [1, 4]),
        ({"sku": "SKU4"}, [4]),
        ({"sku": "A"}, [0, 1, 2, 3, 4, 5]),
        ({"sku": "a"}, []),
        ({"reference": "R2"}, [2]),
        ({"reference": "r2"}, []),
        ({"placed_from": at}, [3, 4, 5]),
        ({"placed_to": at}, [0, 1, 2]),
        ({"placed_from": at, "placed_to": at + timedelta(milliseconds=1)}, [3]),
        ({"min_total": 300}, [3, 4, 5]),
        ({"max_total": 300}, [0, 1, 2, 3]),
        ({"min_total": 300, "max_total": 300}, [3]),
        ({"min_total": 2**63 - 1}, []),
        ({"currency": "EUR"}, [5]),
        ({"q": "sku3"}, [3]),
        ({"status": "confirmed", "customer": "cus_1", "sku": "A", "min_total": 100}, [1]),
        ({"status": "confirmed", "sku": "A", "placed_from": at, "q": "product", "currency": "GBP"}, [3]),
    ):
        for sort in ("placed_at", "total"):
            assert listed(world, sort=sort, **filters) == [f"ord_{n}" for n in expected], filters
        for sort in ("-placed_at", "-total"):
            assert listed(world, sort=sort, **filters) == [f"ord_{n}" for n in reversed(expected)], filters


def test_an_order_with_several_lines_of_a_sku_is_listed_once(world: World) -> None:
    """The order is listed once, with every sort."""
    world.order(lines=[("B", 1, 1), ("A", 1, 1), ("A", 1, 2), ("A", 5, 1)])
    for sort in ("placed_at", "-placed_at", "total", "-total"):
        assert listed(world, sku="A", sort=sort) == ["ord_1"]
        assert listed(world, sku="A", customer="cus_1", sort=sort) == ["ord_1"]


def test_times_of_any_offset(world: World) -> None:
    """A filter's time may have any offset."""
    world.order(placed_at=iso(START))
    there = START.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert listed(world, placed_from=there) == ["ord_1"]
    assert listed(world, placed_from=there + timedelta(milliseconds=1)) == []


def test_times_that_utc_does_not_have(world: World) -> None:
    """A time whose UTC year would be 0 is refused with 422, and does not crash."""
    east, west = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
    for filters in (
        {"placed_from": datetime(1, 1, 1, tzinfo=east)},
        {"placed_to": datetime(9999, 12, 31, 23, tzinfo=west)},
    ):
        with pytest.raises(Invalid) as caught:
            listed(world, **filters)
        assert [fault.parameter for fault in caught.value.faults] == list(filters)
    assert listed(world, placed_from=datetime(1, 1, 1, tzinfo=UTC), placed_to=datetime(9999, 12, 31, tzinfo=UTC)) == []
