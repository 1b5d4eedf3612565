"""The answers of queries about products."""

from typing import Any

import pytest

from chalicelib.catalog.queries import (
    ProductDetail,
    ProductFilters,
    ProductSales,
    ProductSummary,
    get_product,
    list_products,
)
from tests.shop.queries.world import World

pytestmark = pytest.mark.database


def listed(world: World, **filters: Any) -> list[str]:
    """Return the SKUs in a list with those filters."""
    return [item.sku for item in world.ask(list_products, ProductFilters(**filters), world.signer).items]


def test_a_product_in_a_list_and_alone(world: World) -> None:
    """A list shows a product with its stock. The single answer adds its sales by currency, over all days."""
    world.product("A", name="Mug", description="For tea", price=255)
    world.stock("A", on_hand=10, reserved=4)
    world.orders(
        {
            f"ord_{n}": {"status": "confirmed", "lines": [("A", 2, 250), ("A", 1, 200)], "currency": currency}
            for n, currency in enumerate(("GBP", "GBP", "GBP", "EUR"))
        }
    )
    world.order("ord_9", status="placed")
    shown: dict[str, Any] = {
        "sku": "A",
        "version": 1,
        "name": "Mug",
        "price": 255,
        "currency": "GBP",
        "on_hand": 10,
        "available": 6,
        "created_at": "2026-11-23T10:00:00.000Z",
        "updated_at": "2026-11-23T10:00:01.000Z",
    }
    assert world.ask(list_products, ProductFilters(), world.signer).items == [ProductSummary(**shown)]
    assert world.ask(get_product, "A") == ProductDetail(
        **shown,
        description="For tea",
        reserved=4,
        sales=[
            ProductSales(currency="EUR", orders=1, quantity=3, amount=700),
            ProductSales(currency="GBP", orders=3, quantity=9, amount=2100),
        ],
    )


def test_a_product_whose_stock_is_not_known(world: World) -> None:
    """A product without known stock has null for its stock and no sales, and is not in stock."""
    world.product("A")
    product = world.ask(get_product, "A")
    assert product is not None
    assert (product.on_hand, product.available, product.reserved, product.sales) == (None, None, None, [])
    assert product.description == ""
    assert listed(world, in_stock=True) == []
    assert listed(world, in_stock=False) == ["A"]


def test_sales_that_were_called_off_are_gone(world: World) -> None:
    """A currency in which nothing is sold any more is not shown with zeros."""
    world.product("A")
    world.order(status="confirmed")
    world.order(version=2, status="cancelled")
    product = world.ask(get_product, "A")
    assert product is not None
    assert product.sales == []


def test_a_discontinued_product_is_hidden_until_it_is_added_again(world: World) -> None:
    """A discontinued product is hidden from lists, searches and by its SKU. SKUs are compared as DynamoDB does."""
    world.product("A", 1, name="Teapot")
    world.product("A", 2, name="Teapot", deleted=True)
    assert listed(world) == listed(world, q="teapot") == []
    assert world.ask(get_product, "A") is None
    world.product("A", 3, name="Teapot")
    assert listed(world) == listed(world, q="teapot") == ["A"]
    assert world.ask(get_product, "a") is None


def test_filters_and_sorts(world: World) -> None:
    """Each filter narrows the list. Each sort orders it, and equal items by SKU."""
    for sku, name, price, currency, on_hand in (
        ("A", "Red mug", 300, "GBP", 0),
        ("B", "blue mug", 100, "GBP", 5),
        ("C", "Green cup", 300, "EUR", 1),
        ("b", "Amber cup", 200, "GBP", 0),
    ):
        world.product(sku, name=name, price=price, currency=currency)
        world.stock(sku, on_hand=on_hand)
    for filters, expected in (
        ({}, ["A", "B", "C", "b"]),
        ({"sort": "name"}, ["b", "B", "C", "A"]),
        ({"sort": "price"}, ["B", "b", "A", "C"]),
        ({"sort": "-price"}, ["C", "A", "b", "B"]),
        ({"min_price": 200}, ["A", "C", "b"]),
        ({"max_price": 200, "sort": "price"}, ["B", "b"]),
        ({"min_price": 200, "max_price": 299}, ["b"]),
        ({"currency": "EUR"}, ["C"]),
        ({"in_stock": True}, ["B", "C"]),
        ({"in_stock": False, "sort": "-price"}, ["A", "b"]),
        ({"q": "mug"}, ["A", "B"]),
        ({"q": "cup", "in_stock": True, "min_price": 250, "currency": "EUR"}, ["C"]),
    ):
        assert listed(world, **filters) == expected, filters
