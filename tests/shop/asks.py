"""The requests behind the cells of the shop's matrix.md."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.core.http.endpoint import QueryEndpoint
from tests.shop.http.things import answered, customer, email, order, product, sku, stocked
from tests.support.client import Client
from tests.support.domain import OWN
from tests.support.matrix import NO_TOKEN, Ask
from tests.support.routes import routes
from tests.support.stack import Stack


@dataclass
class Asker:
    """The items that requests are about.

    Attributes:
        api: an admin's client.
        owner: a customer's id, or an id that nobody has if the item is not to exist.
    """

    api: Client
    owner: str

    def thing(self) -> Ask:
        """Return some customer's id, for the path."""
        return Ask({"id": self.owner})

    def an_order(self, status: str = "placed") -> Ask:
        """Return an order of the owner, or none, for the path."""
        if self.owner == "cus_none":
            return Ask({"id": "ord_none"})
        id = order(self.api, self.owner)
        if status != "placed":
            assert answered(self.api, id)["status"] == "confirmed"
        if status == "shipped":
            assert self.api.post(f"/orders/{id}/ship").status == 200
        return Ask({"id": id})

    def a_product(self) -> Ask:
        """Return a product with stock, or none, for the path."""
        return Ask({"sku": sku() if self.owner == "cus_none" else stocked(self.api)})

    def an_order_to_place(self, of: str | None, line: Mapping[str, int] | None = None, **more: str) -> Ask:
        """Return an order to place. With of=None, the token names the customer."""
        lines = [{"sku": product(self.api), "quantity": 1, **(line or {})}]
        return Ask(body={"lines": lines, **({"customer_id": of} if of else {}), **more})


def with_body(ask: Ask, body: Any) -> Ask:
    """Return the request with a body."""
    return ask._replace(body=body)


ASKS: dict[str, Callable[[Asker], Ask]] = {
    "customers.register": lambda a: Ask(body={"name": "Ada", "email": email()}),
    "customers.change": lambda a: with_body(a.thing(), {"name": "Mine"}),
    "customers.delete": lambda a: a.thing(),
    "customers.list": lambda a: Ask(),
    "customers.get": lambda a: a.thing(),
    "customers.timeline": lambda a: a.thing(),
    "customers.orders": lambda a: a.thing(),
    "catalog.add": lambda a: Ask(body={"sku": sku(), "name": "x", "price": 1, "currency": "GBP"}),
    "catalog.change": lambda a: with_body(a.a_product(), {"price": 7}),
    "catalog.discontinue": lambda a: a.a_product(),
    "catalog.list": lambda a: Ask(),
    "catalog.get": lambda a: a.a_product(),
    "catalog.timeline": lambda a: a.a_product(),
    "inventory.receive": lambda a: with_body(a.a_product(), {"quantity": 1}),
    "inventory.adjust": lambda a: with_body(a.a_product(), {"change": 1, "reason": "found"}),
    "inventory.get": lambda a: a.a_product(),
    "inventory.timeline": lambda a: a.a_product(),
    "orders.place": lambda a: a.an_order_to_place(a.owner),
    "orders.place:state-prices": lambda a: a.an_order_to_place(a.owner, {"unit_price": 1}),
    "orders.place:reference": lambda a: a.an_order_to_place(a.owner, reference=sku()),
    "orders.place:back-date": lambda a: a.an_order_to_place(a.owner, placed_at="2020-01-01T00:00:00Z"),
    "orders.cancel": lambda a: a.an_order(),
    "orders.ship": lambda a: a.an_order("confirmed"),
    "orders.deliver": lambda a: a.an_order("shipped"),
    "orders.list": lambda a: Ask(query={"customer": a.owner}),
    "orders.get": lambda a: a.an_order(),
    "orders.timeline": lambda a: a.an_order(),
    "reports.sales": lambda a: Ask(),
    "reports.low-stock": lambda a: Ask(),
    "operations.status": lambda a: Ask(),
    "operations.dead-letters": lambda a: Ask(),
    "operations.dead-letter": lambda a: Ask({"id": "bm9uZQ"}),  # there is none
    "operations.redrive": lambda a: Ask({"id": "bm9uZQ"}),
    "operations.discard": lambda a: Ask({"id": "bm9uZQ"}, body={"reason": "A test."}),
    "operations.redrive-matching": lambda a: Ask(body={"error": "nobody's"}),
    "operations.discard-matching": lambda a: Ask(body={"error": "nobody's", "reason": "A test."}),
}

_QUERIES = {route.name for route in routes(OWN) if isinstance(route, QueryEndpoint)}


def ask(stack: Stack, row: str, column: str) -> tuple[Client, Ask]:
    """Return the client and the request of a cell. `own` is the customer of a customer's token."""
    admin = stack.client("admin")
    role, _, whose = column.partition(", ")
    own = customer(admin)
    # A customer who registers does not exist yet.
    subject = {"customer": f"cus_{sku().replace('-', 'x')}" if row == "customers.register" else own}
    me = Client(stack.url) if role == NO_TOKEN else stack.client(role, subject.get(role, ""))
    asker = Asker(admin, {"other's": customer(admin), "none": "cus_none"}.get(whose, own))
    asked = ASKS[row](asker)
    # Every item that is seen is changed first, so the query is sent only after that.
    return me, asked._replace(token=seen(admin, asked.parameters) or "") if row in _QUERIES else asked


def seen(admin: Client, parameters: Mapping[str, str]) -> str | None:
    """Return tokens of the item in the path and of a product's stock, or None if there is none."""
    if "sku" in parameters:
        product, stock = f"/products/{parameters['sku']}", f"/stock/{parameters['sku']}/receipts"
        changes = [("PATCH", product, {}), ("POST", stock, {"quantity": 1})]
    elif "id" in parameters:
        id = parameters["id"]
        changes = [("PATCH", f"/customers/{id}", {}) if id.startswith("cus_") else ("POST", f"/orders/{id}/cancel", {})]
    else:
        return None
    tokens = []
    for change in changes:
        answer = admin.request(*change)
        if answer.status >= 300:
            return None  # the item does not exist, and a receipt would create it
        tokens.append(answer.headers["consistency-token"])
    return ", ".join(tokens)
