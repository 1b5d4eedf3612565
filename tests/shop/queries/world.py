"""The shop's read model, which tests fill through the projector and read through the queries."""

from collections.abc import Mapping
from typing import Any

from chalicelib.bootstrap import SERVICES
from tests.core.queries.world import SECRET, ReadModel, ids
from tests.shop.histories import START, head, iso, order_state

__all__ = ["SECRET", "World", "ids"]


class World(ReadModel):
    """Customers, products, stock and orders."""

    def __init__(self, url: str) -> None:
        super().__init__(url, SERVICES)

    def customer(self, id: str = "cus_1", version: int = 1, *, deleted: bool = False, **state: Any) -> None:
        """Project a customer. `state` replaces made-up values."""
        made = {"name": "Ada Lovelace", "email": "ada@example.com", "country": None, "created_at": iso(START)}
        self.project("customers", head(id, version, made | state, deleted=deleted))

    def product(self, sku: str = "A", version: int = 1, *, deleted: bool = False, **state: Any) -> None:
        """Project a product. `state` replaces made-up values."""
        made = {"name": f"Product {sku}", "price": 150, "currency": "GBP", "created_at": iso(START)}
        self.project("catalog", head(sku, version, made | state, deleted=deleted))

    def stock(self, sku: str = "A", version: int = 1, *, on_hand: int = 10, reserved: int = 0) -> None:
        """Project the stock of a SKU."""
        self.project("inventory", head(sku, version, {"on_hand": on_hand, "reserved": reserved}))

    def order(self, id: str = "ord_1", version: int = 1, **state: Any) -> None:
        """Project an order. `state` has the arguments of order_state."""
        self.orders({id: state}, version)

    def orders(self, states: Mapping[str, Mapping[str, Any]], version: int = 1) -> None:
        """Project many orders in one batch."""
        self.project("orders", *(head(id, version, order_state(**state)) for id, state in states.items()))
