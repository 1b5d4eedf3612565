"""Every route, asked by everybody, against the table in matrix.md, which `make security-matrix` prints."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.shop.http.things import answered, customer, email, order, product, sku, stocked
from tests.support.client import Client
from tests.support.domain import OWN
from tests.support.routes import routes
from tests.support.stack import Stack

TABLE = Path(__file__).with_name("matrix.md").read_text(encoding="utf-8")
NOTHING = "-"
ROWS = {
    cells[0]: cells[1:]
    for line in TABLE.splitlines()
    if len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 8 and "." in cells[0]
}
COLUMNS = ("no token", "customer, own", "customer, other's", "customer, none", "staff", "staff, none", "admin")
ROUTES = {route.name: route for route in routes(OWN)}
COMMANDS = {name for name, route in ROUTES.items() if route.method != "GET"}


class Ask(NamedTuple):
    """A request: the path's parameters, the query or the body."""

    parameters: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    body: Any = None


@dataclass
class Asker:
    """Makes the things that requests are about.

    Attributes:
        api: an admin's client.
        owner: a customer, or nobody's id where there is to be nothing.
    """

    api: Client
    owner: str

    def thing(self) -> Ask:
        """Some customer's id, in the path."""
        return Ask({"id": self.owner})

    def an_order(self, status: str = "placed") -> Ask:
        """An order of the owner's, or none, in the path."""
        if self.owner == "cus_none":
            return Ask({"id": "ord_none"})
        id = order(self.api, self.owner)
        if status != "placed":
            assert answered(self.api, id)["status"] == "confirmed"
        if status == "shipped":
            assert self.api.post(f"/orders/{id}/ship").status == 200
        return Ask({"id": id})

    def a_product(self) -> Ask:
        """A product with stock, or none, in the path."""
        return Ask({"sku": sku() if self.owner == "cus_none" else stocked(self.api)})

    def an_order_to_place(self, of: str | None, line: Mapping[str, int] | None = None, **more: str) -> Ask:
        """An order to place; of=None leaves it to the token."""
        lines = [{"sku": product(self.api), "quantity": 1, **(line or {})}]
        return Ask(body={"lines": lines, **({"customer_id": of} if of else {}), **more})


def with_body(ask: Ask, body: Any) -> Ask:
    """The same with a body."""
    return ask._replace(body=body)


ASKS: dict[str, Callable[[Asker], Ask]] = {
    "customers.register": lambda a: Ask(body={"name": "Ada", "email": email()}),
    "customers.change": lambda a: with_body(a.thing(), {"name": "Mine"}),
    "customers.delete": lambda a: a.thing(),
    "customers.list": lambda a: Ask(),
    "customers.get": lambda a: a.thing(),
    "customers.orders": lambda a: a.thing(),
    "catalog.add": lambda a: Ask(body={"sku": sku(), "name": "x", "price": 1, "currency": "GBP"}),
    "catalog.change": lambda a: with_body(a.a_product(), {"price": 7}),
    "catalog.discontinue": lambda a: a.a_product(),
    "catalog.list": lambda a: Ask(),
    "catalog.get": lambda a: a.a_product(),
    "inventory.receive": lambda a: with_body(a.a_product(), {"quantity": 1}),
    "inventory.adjust": lambda a: with_body(a.a_product(), {"change": 1, "reason": "found"}),
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
}


def test_every_route_has_its_row() -> None:
    """A new route is refused until somebody has written down who may use it; so is a new privilege of a command."""
    privileges = {name for name in OWN.permissions.table if ":" in name and name.partition(":")[0] in COMMANDS}
    assert set(ROWS) == set(ROUTES) | privileges
    assert set(ASKS) == set(ROWS)
    assert f"| {' | '.join(('route', *COLUMNS))} |" in TABLE


def test_what_needs_no_token() -> None:
    """These routes and the console's own files, which have no data, and nothing else."""
    public = {endpoint.path for api in OWN.root.APIS for endpoint in api.endpoints if not endpoint.name}
    files = {path for path in public if path.startswith("/console/")}
    assert public - files == {"/health", "/openapi.json", "/docs", "/"}
    assert {path for path in files if "{" in path} == set()


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("row", ROWS)
def test_matrix(stack: Stack, row: str, column: str) -> None:
    """Each cell is what the route answers."""
    expected = ROWS[row][COLUMNS.index(column)]
    if expected == NOTHING:
        return
    admin, me = stack.client("admin"), stack.client("admin")
    own = customer(admin)
    if column == "no token":
        me = Client(stack.url)
    elif column.startswith("customer"):
        # Who registers is not there yet.
        me = stack.client("customer", f"cus_{sku().replace('-', 'x')}" if row == "customers.register" else own)
    elif column.startswith("staff"):
        me = stack.client("staff")
    whose = column.partition(", ")[2]
    asker = Asker(admin, {"other's": customer(admin), "none": "cus_none"}.get(whose, own))
    assert str(ask(me, admin, row, ASKS[row](asker))) == expected


def ask(me: Client, admin: Client, row: str, asked: Ask) -> int:
    """The status of the answer; of a query once the read model has what it is about."""
    route = ROUTES[row.partition(":")[0]]
    path = route.path.format(**asked.parameters)
    if route.method != "GET":
        return me.request(route.method, path, asked.body if asked.body is not None else {}).status
    headers = {}
    if token := seen(admin, asked.parameters):
        headers["Consistency-Token"] = token
    return me.get(path, asked.query, **headers).status


def seen(admin: Client, parameters: Mapping[str, str]) -> str | None:
    """A token of the thing in the path; None where there is none."""
    change = {"cus_": ("PATCH", "/customers/{id}"), "ord_": ("POST", "/orders/{id}/cancel")}
    id = parameters.get("id") or parameters.get("sku")
    if id is None:
        return None
    method, path = change.get(id[:4], ("PATCH", "/products/{id}"))
    return admin.request(method, path.format(id=id), {}).headers.get("consistency-token")


def test_members_that_a_customer_does_not_see(stack: Stack) -> None:
    """What the second table says, in answers to a customer and to staff, and nothing else differs."""
    admin = stack.client("admin")
    buyer, code = customer(admin), stocked(admin)
    id = order(admin, buyer, code)
    assert answered(admin, id)["status"] == "confirmed"
    me, staff = stack.client("customer", buyer), stack.client("staff")
    token = seen(admin, {"sku": code}) or ""
    paths = {
        "catalog.list": "/products?limit=1",
        "catalog.get": f"/products/{code}",
        "orders.timeline": f"/orders/{id}/timeline",
    }
    written = dict(re.findall(r"^\| ([a-z]+\.[a-z]+) \| ([a-z_., ]+) \|$", TABLE, re.MULTILINE))
    assert {f"{query}:{path}" for query, paths in written.items() for path in paths.split(", ")} == {
        name for name in OWN.permissions.table if ":" in name and name.partition(":")[0] not in COMMANDS
    }
    for query, path in paths.items():
        seen_by_staff, seen_by_me = (leaves(client.get(path, Consistency_Token=token).json) for client in (staff, me))
        hidden = {place for place in seen_by_staff if any(within(place, name) for name in written[query].split(", "))}
        assert hidden
        assert seen_by_me == seen_by_staff - hidden


def leaves(value: Any, place: str = "") -> set[str]:
    """The places of all values in a document, without the numbers of list elements."""
    if isinstance(value, dict):
        return set().union(*(leaves(member, f"{place}.{name}") for name, member in value.items()))
    if isinstance(value, list):
        return set().union(*(leaves(element, place) for element in value))
    return {place.removeprefix(".").removeprefix("items.")}


def within(place: str, name: str) -> bool:
    """Whether a place is that member or inside it."""
    return place == name or place.startswith(f"{name}.")
