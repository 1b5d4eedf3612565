"""The commands of the load, and what their answers must say.

All of them are right, so that whoever refuses one breaks a promise; but a race may be lost, an order may have gone
on meanwhile, and a store may be away.
"""

import random
import uuid
from collections.abc import Callable
from typing import Any

from demo.load.client import Sends, TimedResponse
from demo.load.shop import AcknowledgedCommit, Shop
from demo.load.tally import LoadTally

CURRENCY = "GBP"
PIECES = 1_000_000
ORDERS = 45.0
_REPEATED = 0.03
# How often each is sent, beside the orders.
_MIX = {
    "receive": 12,
    "change customer": 12,
    "change product": 8,
    "register": 8,
    "ship": 7,
    "cancel": 5,
    "add product": 3,
}
_EXPECTED_REFUSALS = frozenset({0, 409, 412, 429, 502, 503, 504})


class Seller:
    """Sends commands, one after the other.

    Args:
        client: of an admin or of staff.
        shop: what is known, and where what is acknowledged is noted.
        tally: where answers and broken promises are counted.
        chance: what is random comes from it.
        orders: how many of 100 commands place an order, each of which the saga follows up with two of its own.
    """

    def __init__(
        self, client: Sends, shop: Shop, tally: LoadTally, chance: random.Random, orders: float = ORDERS
    ) -> None:
        rest = (100 - orders) / sum(_MIX.values())
        self._weights = {"place": orders, **{name: share * rest for name, share in _MIX.items()}}
        self._client = client
        self._shop = shop
        self._tally = tally
        self._chance = chance
        self._acts: dict[str, Callable[[], object]] = {
            "place": self.place,
            "receive": self.receive,
            "change customer": self.change_customer,
            "change product": self.change_product,
            "register": self.register,
            "ship": self.ship,
            "cancel": self.cancel,
            "add product": self.add_product,
        }

    def act(self) -> None:
        """One command of the mix."""
        (name,) = self._chance.choices(list(self._weights), list(self._weights.values()))
        self._acts[name]()

    def register(self) -> None:
        """A new customer."""
        name = uuid.uuid4().hex
        body = {"name": f"Customer {name[:8]}", "email": f"{name}@load.example"}
        answer = self._send("register", "customers", "", "POST", "/customers", body, Idempotency_Key=name)
        if answer.good:
            self._shop.customers.append(answer.body["id"])

    def add_product(self) -> None:
        """A new product, with more in stock than will ever be ordered."""
        sku = f"L-{uuid.uuid4().hex[:12]}"
        price = self._chance.randint(100, 9_999)
        body = {"sku": sku, "name": f"Lantern {sku[2:6]}", "price": price, "currency": CURRENCY}
        if self._send("add product", "catalog", "", "POST", "/products", body).good and self._receive(sku).good:
            self._shop.skus.append(sku)

    def receive(self) -> None:
        """Goods for a product."""
        self._receive(self._chance.choice(self._shop.skus))

    def change_customer(self) -> None:
        """Another name."""
        id = self._chance.choice(self._shop.customers)
        body = {"name": f"Customer {uuid.uuid4().hex[:8]}"}
        self._send("change customer", "customers", id, "PATCH", f"/customers/{id}", body)

    def change_product(self) -> None:
        """Another price."""
        sku = self._chance.choice(self._shop.skus)
        body = {"price": self._chance.randint(100, 9_999), "description": uuid.uuid4().hex}
        self._send("change product", "catalog", sku, "PATCH", f"/products/{sku}", body)

    def place(self) -> None:
        """An order of a few products; now and then sent twice under its key, and then it is one order."""
        chance, key = self._chance, uuid.uuid4().hex
        skus = chance.sample(self._shop.skus, min(len(self._shop.skus), chance.randint(1, 4)))
        lines = [{"sku": sku, "quantity": chance.randint(1, 5)} for sku in skus]
        body = {"customer_id": chance.choice(self._shop.customers), "lines": lines}
        answer = self._place(body, key)
        if answer.good:
            self._shop.orders.append(answer.body["id"])
        if not answer.status or chance.random() < _REPEATED:
            again = self._place(body, key)
            if answer.good and again.good:
                same = again.body["id"] == answer.body["id"] and "idempotent-replayed" in again.headers
                self._tally.check(same, f"POST /orders twice under one key: {answer.body['id']}, {again.body['id']}")

    def cancel(self) -> None:
        """An order of some time ago; it may be too late."""
        if self._shop.orders:
            id = self._chance.choice(self._shop.orders[-500:])
            self._send("cancel", "orders", id, "POST", f"/orders/{id}/cancel", {"reason": "load"}, changes=False)

    def ship(self) -> None:
        """An order that was seen to be confirmed, or one more is placed."""
        id = self._shop.next_to_ship()
        if id is None:
            self.place()
        else:
            self._send("ship", "orders", id, "POST", f"/orders/{id}/ship", changes=False)

    def _place(self, body: dict[str, Any], key: str) -> TimedResponse:
        return self._send("place", "orders", "", "POST", "/orders", body, Idempotency_Key=key)

    def _receive(self, sku: str) -> TimedResponse:
        return self._send("receive", "inventory", sku, "POST", f"/stock/{sku}/receipts", {"quantity": PIECES})

    def _send(
        self,
        what: str,
        service: str,
        id: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        changes: bool = True,
        **headers: str,
    ) -> TimedResponse:
        """Send a command, check its answer and note what it acknowledges; `changes`: done again, it changes again."""
        before = self._shop.version(service, id)
        answer = self._client.send(method, path, body, **headers)
        self._tally.answered("commands", what, answer)
        told = f"{method} {path}: {answer.status} {answer.body}"
        self._tally.check(answer.good or answer.status in _EXPECTED_REFUSALS, told)
        if answer.good:
            version = answer.body["version"]
            self._tally.check(version >= before + changes, f"{told}; version {before} was acknowledged before")
            buyer = answer.body.get("customer_id", "")
            token = answer.headers.get("consistency-token", "")
            self._shop.acknowledge(AcknowledgedCommit(service, answer.body["id"], version, token, buyer))
        return answer
