"""What follows from a request, in other services too, is in its trace and under its correlation id."""

import json
from collections.abc import Mapping
from typing import Any

from tests.support.stores import Tables
from tests.tracing.conftest import Api, Handle
from tests.tracing.daemon import Daemon, named


def place(api: Api) -> str:
    """Place an order for one lantern, of which there are ten; its id."""
    assert api("POST", "/products", '{"sku": "L", "name": "Lantern", "price": 339, "currency": "GBP"}').status == 201
    assert api("POST", "/stock/L/receipts", '{"quantity": 10}').status == 200
    ada = json.loads(api("POST", "/customers", '{"name": "Ada", "email": "ada@example.com"}').body)["id"]
    order = json.dumps({"customer_id": ada, "lines": [{"sku": "L", "quantity": 1}]})
    answer = api("POST", "/orders", order, X_Correlation_Id="abc-1")
    assert answer.status == 201
    return str(json.loads(answer.body)["id"])


def item(tables: Tables, service: str, id: str) -> Mapping[str, Any]:
    """An item of a service."""
    (found,) = [found for found in tables.items(service) if found["id"]["S"] == id]
    return found


def test_the_saga_is_in_the_orders_trace(traced: Daemon, api: Api, react: Handle, tables: Tables) -> None:
    """Placed, reserved, confirmed: each step names the one before it as its parent."""
    id = place(api)
    parent = named(traced.documents(), "orders.place")
    root = parent["trace_id"]
    for service, found, step in (
        ("orders", id, "inventory.reserve"),
        ("inventory", f"res#{id}", "orders.confirm"),
    ):
        react(service, item(tables, service, found))
        documents = traced.documents()
        command = named(documents, step)
        (segment,) = [document for document in documents if document["trace_id"] == root]
        assert (segment["name"], segment["parent_id"]) == ("tributary-reactor", parent["id"])
        assert (command["parent_id"], command["annotations"]) == (segment["id"], {"correlation": "abc-1"})
        parent = command
    confirmed = item(tables, "orders", id)
    assert confirmed["state"]["M"]["status"] == {"S": "confirmed"}
    assert confirmed["correlation"] == {"S": "abc-1"}
    assert confirmed["trace"] == {"S": f"Root={root};Parent={parent['id']};Sampled=1"}


def test_its_lines(api: Api, react: Handle, tables: Tables, logged: list[dict[str, Any]]) -> None:
    """What the reactor has to say of a record carries the correlation id of the request."""
    bad = {**item(tables, "orders", place(api)), "state": {"M": {"status": {"S": "placed"}}}}
    logged.clear()
    react("orders", bad)
    assert [(line["message"], line.get("correlation_id")) for line in logged] == [
        ("reactor: record set aside", "abc-1"),
        ("reactor: batch", None),
    ]
