"""The rules of orders.

placed -> confirmed or rejected; confirmed -> shipped -> delivered; placed or confirmed -> cancelled
(by a client or a deadline).
A repeated step succeeds and changes nothing.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar, assert_never

import msgspec

from chalicelib.core.decider import Event, FieldPath, Missing, Rejected, State, Unacceptable
from chalicelib.orders.commands import (
    Cancel,
    Confirm,
    Deliver,
    Expire,
    OrderCommand,
    Place,
    Reject,
    RequestedLine,
    Ship,
    Shortage,
)


class Line(msgspec.Struct, frozen=True):
    """A line of an order; unit_price in minor units of the order's currency."""

    sku: str
    quantity: int
    unit_price: int


class Order(State, frozen=True):
    """One order. `products` keeps each SKU's name as it was when the order was placed."""

    customer_id: str
    status: str
    currency: str
    total: int
    placed_at: str
    lines: list[Line]
    products: dict[str, str]
    reference: str | None = None
    reason: str | None = None
    shortages: list[Shortage] = msgspec.field(default_factory=list)


class OrderPlaced(Event, frozen=True):
    """An order was placed."""

    held_by_state: ClassVar[frozenset[str]] = frozenset({"lines", "products"})

    customer_id: str
    currency: str
    total: int
    placed_at: str
    lines: list[Line]
    products: dict[str, str]
    reference: str | None = None


class OrderConfirmed(Event, frozen=True):
    """All pieces of the order are reserved."""


class OrderRejected(Event, frozen=True):
    """The order cannot be fulfilled."""

    shortages: list[Shortage]


class OrderCancelled(Event, frozen=True):
    """The order was cancelled. `was` is its status before."""

    was: str
    reason: str | None = None


class OrderShipped(Event, frozen=True):
    """The order was shipped."""


class OrderDelivered(Event, frozen=True):
    """The order was delivered."""


class OrderExpired(Event, frozen=True):
    """The order was cancelled because it was not shipped in time. `was` is its status before."""

    was: str


OrderEvent = (
    OrderPlaced | OrderConfirmed | OrderRejected | OrderCancelled | OrderShipped | OrderDelivered | OrderExpired
)
# In these statuses an order waits for its shipment and holds reserved pieces.
WAITING = ("placed", "confirmed")


def decide(command: OrderCommand, state: Order | None) -> Sequence[OrderEvent]:
    """Return the events that a command causes for an order."""
    if isinstance(command, Place):
        return [_place(command, state)]
    if state is None:
        raise Missing("This order does not exist. Check the id.")
    match command:
        case Confirm():
            done = _step(state, "confirmed", since=("placed",), after=("shipped", "delivered"))
            return [] if done else [OrderConfirmed()]
        case Reject(shortages=shortages):
            done = _step(state, "rejected", since=("placed",))
            return [] if done else [OrderRejected(shortages=shortages)]
        case Cancel(reason=reason):
            done = _step(state, "cancelled", since=WAITING)
            return [] if done else [OrderCancelled(was=state.status, reason=reason)]
        case Ship():
            done = _step(state, "shipped", since=("confirmed",), after=("delivered",))
            return [] if done else [OrderShipped()]
        case Deliver():
            return [] if _step(state, "delivered", since=("shipped",)) else [OrderDelivered()]
        case Expire(before=before):
            overdue = state.status in WAITING and state.placed_at < before
            return [OrderExpired(was=state.status)] if overdue else []
    assert_never(command)


def evolve(state: Order | None, event: OrderEvent) -> Order:
    """Return the state after an event."""
    if isinstance(event, OrderPlaced):
        return _placed(event)
    if state is None:
        raise TypeError(f"{type(event).__name__} cannot be an order's first event")
    match event:
        case OrderConfirmed():
            return msgspec.structs.replace(state, status="confirmed")
        case OrderRejected(shortages=shortages):
            return msgspec.structs.replace(state, status="rejected", shortages=shortages)
        case OrderCancelled(reason=reason):
            return msgspec.structs.replace(state, status="cancelled", reason=reason)
        case OrderShipped():
            return msgspec.structs.replace(state, status="shipped")
        case OrderDelivered():
            return msgspec.structs.replace(state, status="delivered")
        case OrderExpired():
            return msgspec.structs.replace(state, status="cancelled", reason="It was not shipped in time.")
    assert_never(event)


def _placed(event: OrderPlaced) -> Order:
    return Order(
        customer_id=event.customer_id,
        status="placed",
        currency=event.currency,
        total=event.total,
        placed_at=event.placed_at,
        lines=event.lines,
        products=event.products,
        reference=event.reference,
    )


def _step(state: Order, to: str, *, since: tuple[str, ...], after: tuple[str, ...] = ()) -> bool:
    """Return whether the step was made before.

    Raises:
        Rejected: the order's status does not allow the step.
    """
    if state.status == to or state.status in after:
        return True
    if state.status not in since:
        raise Rejected(
            "wrong-state",
            f"The order is {state.status}; only one that is {' or '.join(since)} can become {to}.",
            status_now=state.status,
        )
    return False


def _place(command: Place, state: Order | None) -> OrderPlaced:
    if state is not None:
        raise Rejected("duplicate", "This order was placed already.")
    if not command.registered:
        raise Unacceptable(
            "unknown-customer",
            f"{command.customer_id} is not a customer, or was deleted. Register the customer first.",
            faults={("customer_id",): "no such customer"},
        )
    _check_pieces(command)
    _check_products(command)
    lines = [_priced(line, command.listings[line.sku].price) for line in command.lines]
    return OrderPlaced(
        customer_id=command.customer_id,
        currency=command.listings[lines[0].sku].currency,
        total=sum(line.quantity * line.unit_price for line in lines),
        placed_at=command.placed_at,
        lines=lines,
        products={line.sku: command.listings[line.sku].name for line in lines},
        reference=command.reference,
    )


def _priced(line: RequestedLine, listed: int) -> Line:
    return Line(line.sku, line.quantity, listed if line.unit_price is None else line.unit_price)


def _check_pieces(command: Place) -> None:
    """Refuse an order with too many pieces, since reserved pieces are not available to others."""
    pieces, most = sum(line.quantity for line in command.lines), command.most_pieces
    if most is not None and pieces > most:
        raise Unacceptable(
            "too-many-pieces",
            f"The order has {pieces} pieces, and a customer may order {most} at once. Order fewer, or ask the staff.",
            faults={("lines",): f"{pieces} pieces; the limit is {most}"},
        )


def _check_products(command: Place) -> None:
    """Check that the catalog has every SKU, that it still sells each, and that all have one currency."""
    skus = [line.sku for line in command.lines]
    unknown = _faulty(skus, "not in the catalog", lambda sku: sku not in command.listings)
    if unknown:
        raise Unacceptable(
            "unknown-product", "Some SKUs are not in the catalog. Correct them, or have them added.", faults=unknown
        )
    gone = _faulty(skus, "discontinued", lambda sku: command.listings[sku].discontinued)
    if gone:
        raise Rejected("discontinued", "Some products are discontinued. Order without them.", faults=gone)
    currencies = sorted({command.listings[sku].currency for sku in skus})
    if len(currencies) > 1:
        raise Unacceptable(
            "mixed-currencies",
            f"These products have prices in {', '.join(currencies)}. Place one order for each currency.",
            faults={("lines",): f"priced in {', '.join(currencies)}"},
        )


def _faulty(skus: Sequence[str], detail: str, is_faulty: Callable[[str], bool]) -> dict[FieldPath, str]:
    return {("lines", index, "sku"): detail for index, sku in enumerate(skus) if is_faulty(sku)}
