"""The limits of the shop's fields. tests/core/http shows that refused values are reported and not written."""

from typing import Any

import pytest

from chalicelib.catalog.bodies import NewProduct
from chalicelib.core.errors import Invalid
from chalicelib.core.http.validation import check_body
from chalicelib.customers.bodies import NewCustomer
from chalicelib.inventory.bodies import Receipt
from chalicelib.orders.bodies import NewOrder

DIGITS = int("9" * 38)
PRODUCT = {"sku": "A", "name": "x", "price": 1, "currency": "GBP"}
CUSTOMER = {"name": "Ada", "email": "ada@example.com"}
LINE = {"sku": "A", "quantity": 1}


def pointers(document: Any, kind: type[Any]) -> list[str | None]:
    """Return the pointers to a document's faults."""
    with pytest.raises(Invalid) as caught:
        check_body(document, kind)
    return sorted(str(fault.pointer) for fault in caught.value.faults)


def test_what_is_taken() -> None:
    """The documents that the tests below change are valid."""
    for document, kind in ((PRODUCT, NewProduct), (CUSTOMER, NewCustomer), ({"lines": [LINE] * 1000}, NewOrder)):
        check_body(document, kind)


@pytest.mark.parametrize("price", [-1, -DIGITS, DIGITS, 10**9 + 1, 1.5, 1.0, "100", None, True, 1e30])
def test_money(price: Any) -> None:
    """Money is a whole number of minor units, at least zero, within its limits."""
    assert pointers({**PRODUCT, "price": price}, NewProduct) == ["/price"]


@pytest.mark.parametrize("sku", ["", "a b", "ä", "🦀", "a/b", "a#b", "-a", "x" * 65, "a\n", 5])
def test_skus(sku: Any) -> None:
    """A SKU is plain ASCII."""
    assert pointers({**PRODUCT, "sku": sku}, NewProduct) == ["/sku"]


@pytest.mark.parametrize(
    "address", ["ada", "a@b", "a b@c.de", "a@b@c.de", "@c.de", "a@.", "x" * 250 + "@c.de", "a\x00@c.de"]
)
def test_addresses(address: str) -> None:
    """A text that cannot be an e-mail address is refused."""
    assert pointers({**CUSTOMER, "email": address}, NewCustomer) == ["/email"]


@pytest.mark.parametrize("quantity", [0, -1, 10**6 + 1, DIGITS, 1.5, "1", None, []])
def test_quantities(quantity: Any) -> None:
    """A quantity is a whole number from 1 to a million."""
    assert pointers({"quantity": quantity}, Receipt) == ["/quantity"]
    assert pointers({"lines": [{**LINE, "quantity": quantity}]}, NewOrder) == ["/lines/0/quantity"]


@pytest.mark.parametrize("lines", [[], None, {}, "x", [LINE] * 1001])
def test_lines(lines: Any) -> None:
    """An order has 1 to 1,000 lines."""
    assert pointers({"lines": lines}, NewOrder) == ["/lines"]


def test_every_fault_is_named() -> None:
    """All faulty fields of an order are named, not just the first."""
    lines = [{**LINE, "unit_price": -1}, {"sku": 1}, "x"]
    assert pointers({"customer_id": "x", "lines": lines, "reference": "🦀"}, NewOrder) == [
        "/customer_id",
        "/lines/0/unit_price",
        "/lines/1/quantity",
        "/lines/1/sku",
        "/lines/2",
        "/reference",
    ]
