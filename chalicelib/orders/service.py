"""The declaration of the orders' service."""

from collections.abc import Sequence

from chalicelib.core.decider import Event
from chalicelib.core.service import Aggregate, Asks, Claim, ClaimChange, Deadline, Personal, Policy, Service, single
from chalicelib.inventory.published import RESERVATION_PREFIX
from chalicelib.orders import domain
from chalicelib.orders.commands import Expire
from chalicelib.orders.policy import on_inventory
from chalicelib.orders.projection import PROJECTION


def _references(
    _id: str, before: domain.Order | None, after: domain.Order | None, _events: Sequence[Event]
) -> ClaimChange:
    """Return the claim on an order's reference, which belongs to one order in any status."""
    return ClaimChange.between(_reference(before), _reference(after))


def _reference(state: domain.Order | None) -> set[Claim]:
    return {Claim("reference", state.reference)} if state and state.reference else set()


# A reason is free text and may name a person.
PERSONAL = Personal(person="customer_id", state=("reason",), events={domain.OrderCancelled: ("reason",)})
SERVICE = Service(
    name="orders",
    aggregates=(Aggregate("order", domain.Order, domain.evolve, claims=_references, personal=PERSONAL),),
    decide=single(domain.decide),
    projection=PROJECTION,
    deadlines=(Deadline("orders.expire", Expire, since="placed_at", waiting=domain.WAITING),),
    policies=(
        Policy(
            "inventory",
            on_inventory,
            prefix=RESERVATION_PREFIX,
            asks=(Asks("orders"), Asks("inventory", several=True)),
        ),
    ),
)
