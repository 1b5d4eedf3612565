"""The shop, deployed on the embedded AWS as `chalice package` makes it."""

import pytest

from tests.deploy.test_rehearsal import Deployed, deployed, whole_ministack
from tests.support.waiting import eventually

__all__ = ["deployed", "whole_ministack"]

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]


def test_a_command_and_a_query(deployed: Deployed) -> None:
    """A command passes gateway and authorizer, and writes to DynamoDB. The stream fills MySQL, and a query reads it."""
    product, token = deployed.command("/products", sku="R-1", name="Rehearsal", price=5, currency="GBP")
    assert product["version"] == 1
    found = deployed.query("/products/R-1", token)
    assert (found["name"], found["version"]) == ("Rehearsal", 1)


def test_the_reactor_confirms_an_order(deployed: Deployed) -> None:
    """An order that is placed after a receipt of stock is confirmed by the saga, and the read model shows it."""
    deployed.command("/products", sku="R-3", name="Rehearsed saga", price=5, currency="GBP")
    deployed.command("/stock/R-3/receipts", quantity=10)
    customer, _ = deployed.command("/customers", name="Ada Lovelace", email="ada@rehearsal.example")
    lines = [{"sku": "R-3", "quantity": 3}]
    order, token = deployed.command("/orders", customer_id=customer["id"], lines=lines)
    assert order["status"] == "placed"

    def confirmed() -> bool:
        shown = deployed.query(f"/orders/{order['id']}", token)
        return bool(shown["status"] == "confirmed" and shown["lines"][0]["available"] == 7)

    assert eventually(confirmed)


def test_a_refusal(deployed: Deployed) -> None:
    """An invalid body is answered with a problem."""
    status, (problem, _) = deployed.request("POST", "/products", {"sku": "R-2"})
    assert (status, problem["type"]) == (422, "urn:tributary:problem:invalid")
