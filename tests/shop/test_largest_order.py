"""The largest order that is accepted fits into DynamoDB's 400 KB an item, events and trace included."""

from chalicelib.bootstrap import SERVICES
from chalicelib.catalog.published import Listing
from chalicelib.core.commands.pipeline import Envelope, handle
from chalicelib.core.dynamodb.store import DynamoStore
from chalicelib.core.http.validation import check_body
from chalicelib.orders.bodies import NewOrder
from chalicelib.orders.commands import MAX_LINES, MAX_SKUS, Cancel, Place, Reject, RequestedLine, Shortage
from tests.support.stores import Tables

WIDE = "\U0001f980"
"""A character of four bytes."""
ID = "ord_" + "0" * 60
AT = "2026-01-01T00:00:00.000Z"
TRACE = "Root=1-65a1b2c3-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1"


def largest(reference: str = "r") -> Place:
    """An order at every limit of its fields."""
    skus = [f"{number:02}".ljust(64, "x") for number in range(MAX_SKUS)]
    # DynamoDB counts significant digits, of which 10^6 has one.
    prices = {"quantity": 10**6 - 1, "unit_price": 10**9 - 1}
    lines = [{"sku": skus[n % MAX_SKUS], **prices} for n in range(MAX_LINES)]
    document = {"customer_id": "cus_" + "0" * 60, "reference": reference * 64, "lines": lines}
    accepted = check_body(document, NewOrder)
    return Place(
        customer_id=accepted.customer_id or "",
        placed_at=AT,
        lines=[RequestedLine(line.sku, line.quantity, line.unit_price) for line in accepted.lines],
        reference=accepted.reference,
        registered=True,
        listings={sku: Listing(WIDE * 200, 10**9, "GBP", discontinued=False) for sku in skus},
    )


def test_largest_order_fits(module_tables: Tables) -> None:
    """It is placed, then cancelled for the longest of reasons or rejected for want of every SKU, and still fits."""
    store = DynamoStore(module_tables.client, module_tables.name("orders"), SERVICES["orders"])
    shortages = [Shortage(sku, requested=10**9 - 1, available=10**9 - 1) for sku in largest().listings]
    for end, status in ((Cancel(WIDE * 500), "cancelled"), (Reject(shortages), "rejected")):
        id = f"{ID[:-1]}{status[0]}"
        for command in (largest(reference=status[0]), end):
            envelope = Envelope("orders.place", command, (id,), "x" * 128, AT, correlation="c" * 64, trace=TRACE)
            handle(SERVICES["orders"], store, envelope, lambda _: {})
            head = store.load([id])[id]
            assert "lines" not in head.events[0]["data"]
            assert (head.correlation, head.trace) == ("c" * 64, TRACE)
        assert head.state["total"] == MAX_LINES * (10**6 - 1) * (10**9 - 1) < 2**63
        assert head.state["status"] == status
