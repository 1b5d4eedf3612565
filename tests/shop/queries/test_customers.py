"""The answers of queries about customers."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.errors import Invalid
from chalicelib.customers.queries import (
    CustomerDetail,
    CustomerFilters,
    CustomerOrders,
    CustomerSummary,
    get_customer,
    list_customers,
)
from tests.shop.histories import START, iso
from tests.shop.queries.world import World, ids

pytestmark = pytest.mark.database


def listed(world: World, **filters: Any) -> list[str]:
    """Return the ids of the customers in a list with those filters."""
    return ids(world.ask(list_customers, CustomerFilters(**filters), world.signer, "GBP").items)


def test_a_customer_in_a_list(world: World) -> None:
    """A list shows a customer with its sold orders in one currency. The last order counts in any status."""
    world.customer(name="Ada", country="United Kingdom")
    world.orders(
        {
            "ord_1": {"status": "confirmed", "lines": [("A", 1, 100)]},
            "ord_2": {"status": "delivered", "lines": [("A", 1, 50)]},
            "ord_3": {"status": "rejected", "placed_at": iso(START + timedelta(days=1))},
            "ord_4": {"status": "shipped", "currency": "EUR", "lines": [("A", 1, 9)]},
        }
    )
    pounds = CustomerOrders(currency="GBP", order_count=2, spend=150, last_order_at="2026-11-24T10:00:00.000Z")
    euros = CustomerOrders(currency="EUR", order_count=1, spend=9, last_order_at="2026-11-23T10:00:00.000Z")
    particulars: dict[str, Any] = {
        "id": "cus_1",
        "version": 1,
        "name": "Ada",
        "email": "ada@example.com",
        "country": "United Kingdom",
        "created_at": "2026-11-23T10:00:00.000Z",
        "updated_at": "2026-11-23T10:00:01.000Z",
    }
    for currency, orders in ((None, pounds), ("EUR", euros), ("USD", None)):
        page = world.ask(list_customers, CustomerFilters(currency=currency), world.signer, "GBP")
        assert page.items == [CustomerSummary(**particulars, orders=orders)]
    assert world.ask(get_customer, "cus_1") == CustomerDetail(**particulars, orders=[euros, pounds])


def test_a_customer_without_orders(world: World) -> None:
    """A customer without orders is listed by name, but not by spend or by last order."""
    world.customer()
    assert listed(world) == ["cus_1"]
    assert listed(world, sort="-spend") == listed(world, sort="last_order") == []
    customer = world.ask(get_customer, "cus_1")
    assert customer is not None
    assert customer.orders == []


def test_a_deleted_customer_is_hidden(world: World) -> None:
    """A deleted customer is hidden from every list and by its id, but its orders are not."""
    world.customer(version=2, deleted=True)
    world.order()
    for sort in ("name", "-spend", "last_order"):
        assert listed(world, sort=sort) == []
    assert listed(world, q="lovelace") == []
    assert world.ask(get_customer, "cus_1") is None


def test_an_order_alone_makes_no_customer(world: World) -> None:
    """A summary without its customer is not listed."""
    world.order(status="confirmed")
    assert listed(world, sort="-spend") == []


def test_sorts(world: World) -> None:
    """Lists are sorted by name, ignoring case and accents, and by spend and last order in the currency, both ways."""
    for n, name in enumerate(("ćarla", "Bob", "ada")):
        world.customer(f"cus_{n}", name=name)
        world.order(
            f"ord_{n}",
            customer_id=f"cus_{n}",
            status="confirmed",
            lines=[("A", 1, (5, 9, 7)[n])],
            placed_at=iso(START + timedelta(days=(3, 1, 2)[n])),
        )
    for sort, expected in (("name", "210"), ("spend", "021"), ("last_order", "120")):
        assert listed(world, sort=sort) == [f"cus_{n}" for n in expected]
        assert listed(world, sort=f"-{sort}") == [f"cus_{n}" for n in reversed(expected)]


def test_search(world: World) -> None:
    """A search finds words of the name or the e-mail address, with every sort."""
    world.customer("cus_1", name="Ada Lovelace", email="ada@example.com")
    world.customer("cus_2", name="Charles Babbage", email="charles@engine.example")
    world.order(customer_id="cus_2")
    assert listed(world, q="love") == ["cus_1"]
    assert listed(world, q="ada@example.com") == ["cus_1"]
    assert listed(world, q="example") == ["cus_1", "cus_2"] or listed(world, q="example") == ["cus_2", "cus_1"]
    assert listed(world, q="babbage", sort="-spend") == ["cus_2"]
    assert listed(world, q="lovelace", sort="-spend") == []
    with pytest.raises(Invalid):
        listed(world, q="@")
