"""From a request to a Place command. Reads the other services' ports before the order is decided.

These are the only reads across services on the command side. A team with separate accounts replaces the two ports
(catalog/ports.py, customers/ports.py) with HTTP clients, and nothing here changes.
"""

from datetime import UTC, datetime

from chalicelib.catalog.published import Prices
from chalicelib.core.errors import Fault, Forbidden, Invalid
from chalicelib.core.http.endpoint import Call
from chalicelib.core.times import iso
from chalicelib.customers.published import Standings
from chalicelib.orders.bodies import NewOrder
from chalicelib.orders.commands import MAX_SKUS, Place, RequestedLine
from chalicelib.orders.settings import max_pieces

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def place_command(call: Call[NewOrder]) -> Place:
    """Return the command for a request.

    Raises:
        Forbidden: the order is for somebody else, or has prices, a date or a reference that the caller may not state.
        Invalid: the order has no customer, more than 99 SKUs, or an invalid date.
    """
    customer_id = _customer(call)
    skus = list(dict.fromkeys(line.sku for line in call.body.lines))
    if len(skus) > MAX_SKUS:
        detail = f"{len(skus)} different SKUs; the limit is {MAX_SKUS}. Place several orders"
        raise Invalid(f"/lines: {detail}.", faults=[Fault(detail, pointer="/lines")])
    if call.body.reference is not None:
        call.require("orders.place:reference")
    if any(line.unit_price is not None for line in call.body.lines):
        call.require("orders.place:state-prices")
    # Annotated because the runtime does not know the ports' types. With this, mypy checks each call.
    standings: Standings = call.runtime.ports["standings"]
    prices: Prices = call.runtime.ports["prices"]
    return Place(
        customer_id=customer_id,
        placed_at=_placed_at(call),
        lines=[RequestedLine(line.sku, line.quantity, line.unit_price) for line in call.body.lines],
        reference=call.body.reference,
        registered=standings.is_registered(customer_id),
        listings=prices.listings(skus),
        most_pieces=max_pieces() if call.own else None,
    )


def _customer(call: Call[NewOrder]) -> str:
    own = call.own
    customer_id = call.body.customer_id or own
    if not customer_id:
        raise Invalid("/customer_id: missing.", faults=[Fault("missing", pointer="/customer_id")])
    if own and customer_id != own:
        raise Forbidden("A customer can order only for itself. Leave out customer_id.")
    return customer_id


def _placed_at(call: Call[NewOrder]) -> str:
    stated = call.body.placed_at
    if stated is None:
        return call.at
    call.require("orders.place:back-date")
    if not _EARLIEST <= stated <= call.request.now:
        detail = "must be between 1970 and now"
        raise Invalid(f"/placed_at: {detail}.", faults=[Fault(detail, pointer="/placed_at")])
    return iso(stated)
