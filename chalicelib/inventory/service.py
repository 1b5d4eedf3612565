"""The declaration of the inventory's service."""

from collections.abc import Sequence

from chalicelib.core.decider import Event
from chalicelib.core.service import Aggregate, Asks, Claim, ClaimChange, Policy, Service, several
from chalicelib.inventory import domain
from chalicelib.inventory.policy import on_orders
from chalicelib.inventory.projection import PROJECTION


def _receipts(
    sku: str, _before: domain.Stock | None, _after: domain.Stock | None, events: Sequence[Event]
) -> ClaimChange:
    """Return the claim on a receipt's reference, which counts once for each SKU and never expires."""
    references = {
        Claim("receipt", f"{sku}#{event.reference}")
        for event in events
        if isinstance(event, domain.StockReceived) and event.reference
    }
    return ClaimChange(take=frozenset(references))


SERVICE = Service(
    name="inventory",
    aggregates=(
        Aggregate("stock", domain.Stock, domain.evolve_stock, claims=_receipts),
        Aggregate(
            "reservation",
            domain.Reservation,
            domain.evolve_reservation,
            prefix=domain.RESERVATION_PREFIX,
            projected=False,
        ),
    ),
    decide=several(domain.decide),
    projection=PROJECTION,
    policies=(Policy("orders", on_orders, asks=(Asks("inventory", several=True),)),),
)
