"""Customers, products and orders for tests, each new."""

import itertools
import os

from tests.http.client import Client

_numbers = itertools.count(1)


def sku() -> str:
    """A SKU that no other test uses; good for any other unique text as well."""
    return f"T{os.getpid()}-{next(_numbers)}"


def email() -> str:
    """An address that no other test uses."""
    return f"{sku()}@example.com"


def customer(api: Client, name: str = "Ada") -> str:
    """Register a customer; its id."""
    return str(_made(api, "/customers", {"name": name, "email": email()}))


def product(api: Client, name: str = "Lantern", price: int = 100, currency: str = "GBP") -> str:
    """Add a product; its SKU."""
    return str(_made(api, "/products", {"sku": sku(), "name": name, "price": price, "currency": currency}))


def order(api: Client, buyer: str | None = None, code: str | None = None, quantity: int = 1) -> str:
    """Place an order; its id."""
    lines = [{"sku": code or product(api), "quantity": quantity}]
    return str(_made(api, "/orders", {"customer_id": buyer or customer(api), "lines": lines}))


def _made(api: Client, path: str, body: object) -> object:
    answer = api.post(path, body)
    assert answer.status == 201, answer
    return answer.json["id"]
