"""A write model in real tables, its read model, and a projector between them that a test runs when it likes."""

from typing import Any

from chalicelib.core.service import Head
from tests.core.ops.conftest import world
from tests.core.ops.world import Output, World, kinds, quiet
from tests.shop.histories import head, order_state

__all__ = ["Commit", "Output", "World", "kinds", "order", "product", "quiet", "world"]

Commit = tuple[str, Head]


def order(id: str, version: int = 1, status: str = "confirmed", *, deleted: bool = False, **state: Any) -> Commit:
    """A commit of an order with two lines."""
    made = order_state(status, [("A", 2, 150), ("B", 1, 99)], **state)
    return "orders", head(id, version, made, deleted=deleted)


def product(sku: str, version: int = 1, *, deleted: bool = False, **state: Any) -> Commit:
    """A commit of a product."""
    made = {"name": f"Thing {sku}", "price": 100, "currency": "GBP", "created_at": "2026-11-23T10:00:00.000Z", **state}
    return "catalog", head(sku, version, made, deleted=deleted)
