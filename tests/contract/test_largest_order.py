"""The largest order that is accepted fits into DynamoDB's 400 KB an item, events included."""

from chalicelib.bootstrap import SERVICES
from chalicelib.catalog.published import Listing
from chalicelib.core.commands import Answer, Envelope, handle
from chalicelib.core.dynamo import DynamoStore
from chalicelib.core.validation import check_body
from chalicelib.customers.published import Standing
from chalicelib.orders.commands import MAX_LINES, MAX_SKUS, Cancel, NewOrder, Place
from tests.conftest import Tables

WIDE = "\U0001f980"
"""A character of four bytes."""
ID = "ord_" + "0" * 60
AT = "2026-01-01T00:00:00.000Z"


def largest() -> Place:
    """An order at every limit of its fields."""
    skus = [f"{number:02}".ljust(64, "x") for number in range(MAX_SKUS)]
    lines = [{"sku": skus[n % MAX_SKUS], "quantity": 10**6, "unit_price": 10**9} for n in range(MAX_LINES)]
    document = {"customer_id": "cus_" + "0" * 60, "reference": "r" * 64, "lines": lines}
    return Place(
        customer_id=document["customer_id"],
        placed_at=AT,
        order=check_body(document, NewOrder),
        customer=Standing(WIDE * 200),
        listings={sku: Listing(WIDE * 200, 10**9, "GBP", discontinued=False) for sku in skus},
    )


def test_largest_order_fits(module_tables: Tables) -> None:
    """It is placed, and cancelled for the longest of reasons, and still fits."""
    store = DynamoStore(module_tables.client, module_tables.name("orders"))
    answers: list[Answer] = []
    for name, command in (("orders.place", largest()), ("orders.cancel", Cancel(WIDE * 500))):
        envelope = Envelope(name, command, (ID,), "x" * 128, AT)
        handle(SERVICES["orders"], store, envelope, lambda answer: answers.append(answer) or {})
    placed = answers[0].head
    assert placed.state["total"] == MAX_LINES * 10**15 < 2**63
    assert "lines" not in placed.events[0]["data"]
    assert store.load([ID])[ID].state["status"] == "cancelled"
