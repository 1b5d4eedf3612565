"""Customers, products and orders for tests. Each call makes new ones."""

import itertools
import os
from typing import Any

from tests.support.client import Client
from tests.support.waiting import eventually

_numbers = itertools.count(1)


def sku() -> str:
    """Return a SKU that no other test uses. It may serve as any other unique text as well."""
    return f"T{os.getpid()}-{next(_numbers)}"


def email() -> str:
    """Return an address that no other test uses."""
    return f"{sku()}@example.com"


def customer(api: Client, name: str = "Ada") -> str:
    """Register a customer, and return its id."""
    return str(_made(api, "/customers", {"name": name, "email": email()}))


def product(api: Client, name: str = "Lantern", price: int = 100, currency: str = "GBP", code: str = "") -> str:
    """Add a product, and return its SKU."""
    return str(_made(api, "/products", {"sku": code or sku(), "name": name, "price": price, "currency": currency}))


def stocked(api: Client, pieces: int = 1000, price: int = 100, name: str = "Lantern", code: str = "") -> str:
    """Add a product, receive pieces of it, and return its SKU."""
    code = product(api, name, price, code=code)
    assert api.post(f"/stock/{code}/receipts", {"quantity": pieces}).status == 200
    return code


def answered(api: Client, id: str) -> Any:
    """Return an order as GET shows it, once the saga has confirmed or rejected it."""

    def is_answered() -> bool:
        shown = api.get(f"/orders/{id}")
        return shown.status == 200 and shown.json["status"] != "placed"

    assert eventually(is_answered), api.get(f"/orders/{id}")
    return api.get(f"/orders/{id}").json


def order(api: Client, buyer: str | None = None, code: str | None = None, quantity: int = 1) -> str:
    """Place an order, of a product with stock unless one is given, and return its id."""
    lines = [{"sku": code or stocked(api), "quantity": quantity}]
    return str(_made(api, "/orders", {"customer_id": buyer or customer(api), "lines": lines}))


def _made(api: Client, path: str, body: object) -> object:
    answer = api.post(path, body)
    assert answer.status == 201, answer
    return answer.json["id"]
