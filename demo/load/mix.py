"""The shop's part of a load: new customers, products, stock and orders, which are changed, cancelled and shipped."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from local.load import Mix, Shown
from local.load.client import TimedResponse
from local.load.commanding import Commander
from local.load.mix import MOST_LISTED, Act, Draw, Ready

CURRENCY = "GBP"
PIECES = 1_000_000
ORDERS = 45.0
_CUSTOMERS, _PRODUCTS = 20, 40
_CONFIRMED = "/orders?status=confirmed&limit=50"
# The paths that show each service's aggregates. Stock is shown with its product, which has a version of its own.
_PATHS = {"customers": "/customers/{}", "catalog": "/products/{}", "inventory": "/products/{}", "orders": "/orders/{}"}


class ShopMix(Mix):
    """The shop's mix of commands and queries. See `Mix`.

    Args:
        orders: how many of 100 commands place an order. The saga runs two more commands for each order.
    """

    lists = (
        "/orders?limit=50",
        "/orders?sort=-total&limit=20",
        _CONFIRMED,
        "/orders?q=lantern&limit=20",
        "/customers?sort=-spend&limit=20",
        "/customers?q=customer&limit=20",
        "/products?in_stock=true&limit=50",
        "/products?q=lantern&limit=20",
        "/reports/sales?by=day",
        "/reports/low-stock",
    )

    def __init__(self, orders: float = ORDERS) -> None:
        beside: dict[Act, float] = {
            self.receive: 12,
            self.change_customer: 12,
            self.change_product: 8,
            self.register: 8,
            self.ship: 7,
            self.cancel: 5,
            self.add_product: 3,
        }
        self._draw = Draw(self.place, orders, beside)
        self.customers: list[str] = []
        self.skus: list[str] = []
        self.orders: list[str] = []
        self._to_ship = Ready()

    def is_open(self) -> bool:
        """See `Mix.is_open`."""
        return len(self.customers) >= _CUSTOMERS and len(self.skus) >= _PRODUCTS

    def open(self, commander: Commander) -> None:
        """See `Mix.open`."""
        if len(self.customers) < _CUSTOMERS:
            self.register(commander)
        else:
            self.add_product(commander)

    def act(self, commander: Commander) -> None:
        """See `Mix.act`."""
        self._draw(commander.chance)(commander)

    def shown(self, service: str, answer: Mapping[str, Any]) -> Shown:
        """See `Mix.shown`."""
        path = _PATHS[service].format(answer["id"])
        if service == "orders":
            return Shown(path, list=f"/customers/{answer['customer_id']}/orders?limit={MOST_LISTED}")
        return Shown(path, has_version=service != "inventory")

    def listed(self, path: str, items: Sequence[Mapping[str, Any]]) -> None:
        """See `Mix.listed`. Confirmed orders can be shipped."""
        if path == _CONFIRMED:
            self._to_ship.note(order["id"] for order in items)

    def register(self, commander: Commander) -> None:
        """Register a new customer."""
        name = uuid.uuid4().hex
        body = {"name": f"Customer {name[:8]}", "email": f"{name}@load.example"}
        answer = commander.send("register", "customers", "", "POST", "/customers", body, Idempotency_Key=name)
        if answer.good:
            self.customers.append(answer.body["id"])

    def add_product(self, commander: Commander) -> None:
        """Add a new product, with more stock than will ever be ordered."""
        sku = f"L-{uuid.uuid4().hex[:12]}"
        price = commander.chance.randint(100, 9_999)
        body = {"sku": sku, "name": f"Lantern {sku[2:6]}", "price": price, "currency": CURRENCY}
        added = commander.send("add product", "catalog", "", "POST", "/products", body)
        if added.good and self._receive(commander, sku).good:
            self.skus.append(sku)

    def receive(self, commander: Commander) -> None:
        """Receive goods for a product."""
        self._receive(commander, commander.chance.choice(self.skus))

    def change_customer(self, commander: Commander) -> None:
        """Change a customer's name."""
        id = commander.chance.choice(self.customers)
        body = {"name": f"Customer {uuid.uuid4().hex[:8]}"}
        commander.send("change customer", "customers", id, "PATCH", f"/customers/{id}", body)

    def change_product(self, commander: Commander) -> None:
        """Change a product's price."""
        sku = commander.chance.choice(self.skus)
        body = {"price": commander.chance.randint(100, 9_999), "description": uuid.uuid4().hex}
        commander.send("change product", "catalog", sku, "PATCH", f"/products/{sku}", body)

    def place(self, commander: Commander) -> None:
        """Place an order of a few products."""
        chance = commander.chance
        skus = chance.sample(self.skus, min(len(self.skus), chance.randint(1, 4)))
        lines = [{"sku": sku, "quantity": chance.randint(1, 5)} for sku in skus]
        body = {"customer_id": chance.choice(self.customers), "lines": lines}
        answer = commander.create("place", "orders", "/orders", body)
        if answer.good:
            self.orders.append(answer.body["id"])

    def cancel(self, commander: Commander) -> None:
        """Cancel an earlier order, which may be too late."""
        if self.orders:
            id = commander.chance.choice(self.orders[-500:])
            body = {"reason": "load"}
            commander.send("cancel", "orders", id, "POST", f"/orders/{id}/cancel", body, changes=False)

    def ship(self, commander: Commander) -> None:
        """Ship an order that was seen to be confirmed; if there is none, place another."""
        id = self._to_ship.take()
        if id is None:
            self.place(commander)
        else:
            commander.send("ship", "orders", id, "POST", f"/orders/{id}/ship", changes=False)

    def _receive(self, commander: Commander, sku: str) -> TimedResponse:
        return commander.send("receive", "inventory", sku, "POST", f"/stock/{sku}/receipts", {"quantity": PIECES})
