"""The rules of the inventory: stock is never below zero, and an order gets all of its pieces or none.

Two kinds of aggregate live in its table. Stock, by SKU, holds numbers only. A reservation, one an
order (`res#<order id>`), is the order saga's memory: a repeated step succeeds and changes nothing.
"""

from collections.abc import Mapping, Sequence
from typing import assert_never

import msgspec

from chalicelib.core.decider import Event, Missing, Rejected, State
from chalicelib.inventory.commands import Adjust, InventoryCommand, Receive, Release, Reserve, Ship

RESERVATION_PREFIX = "res#"


class Stock(State, frozen=True):
    """The pieces of one SKU: all on hand, and those of them that are reserved for orders."""

    on_hand: int = 0
    reserved: int = 0


class Shortage(msgspec.Struct, frozen=True):
    """A SKU of which fewer pieces were available than an order requested."""

    sku: str
    requested: int
    available: int


class Reservation(State, frozen=True):
    """The reservation of an order. Its status is reserved, short, released or shipped. `lines`: pieces by SKU."""

    status: str
    lines: dict[str, int] = msgspec.field(default_factory=dict)
    shortages: list[Shortage] = msgspec.field(default_factory=list)


class StockReceived(Event, frozen=True):
    """Pieces were received."""

    quantity: int
    reference: str | None = None


class StockAdjusted(Event, frozen=True):
    """Pieces were found or lost."""

    change: int
    reason: str


class StockReserved(Event, frozen=True):
    """Pieces were reserved for an order."""

    order_id: str
    quantity: int


class StockReleased(Event, frozen=True):
    """Reserved pieces became available again."""

    order_id: str
    quantity: int


class StockShipped(Event, frozen=True):
    """Reserved pieces were shipped."""

    order_id: str
    quantity: int


class ReservationMade(Event, frozen=True):
    """All pieces of an order are reserved. The state holds the lines."""

    order_id: str
    lines: dict[str, int]


class ReservationShort(Event, frozen=True):
    """Nothing was reserved for an order, because these pieces were short."""

    order_id: str
    shortages: list[Shortage]


class ReservationReleased(Event, frozen=True):
    """An order's reservation was released, or will never be made."""

    order_id: str


class ReservationShipped(Event, frozen=True):
    """An order's pieces were shipped."""

    order_id: str


StockEvent = StockReceived | StockAdjusted | StockReserved | StockReleased | StockShipped
ReservationEvent = ReservationMade | ReservationShort | ReservationReleased | ReservationShipped
InventoryStates = Mapping[str, Stock | Reservation | None]
"""What is addressed, by id; None where nothing is there yet."""
InventoryDecision = Mapping[str, Sequence[StockEvent | ReservationEvent]]


def reservation_id(order_id: str) -> str:
    """Return the id of an order's reservation."""
    return f"{RESERVATION_PREFIX}{order_id}"


def decide(command: InventoryCommand, states: InventoryStates) -> InventoryDecision:
    """Return the events that a command causes for the stock and the reservations that it addresses."""
    match command:
        case Receive(sku=sku):
            return {sku: [StockReceived(quantity=command.quantity, reference=command.reference)]}
        case Adjust(sku=sku):
            return {sku: _adjust(command, _stock(states, sku))}
        case Reserve():
            return _reserve(command, states)
        case Release():
            return _release(command.order_id, states)
        case Ship():
            return _ship(command.order_id, states)
    assert_never(command)


def _adjust(command: Adjust, stock: Stock | None) -> list[StockEvent]:
    sku, change = command.sku, command.change
    if stock is None:
        raise Missing(f"There is no stock of {sku} yet. Post a receipt first.")
    if change == 0:
        return []
    if stock.on_hand + change < stock.reserved:
        raise Rejected(
            "insufficient-stock",
            f"{sku} has {stock.on_hand} pieces, {stock.reserved} of them promised; {change} is too many.",
            faults={("change",): f"at least {stock.reserved - stock.on_hand}"},
            on_hand=stock.on_hand,
            reserved=stock.reserved,
        )
    return [StockAdjusted(change=change, reason=command.reason)]


def _reserve(command: Reserve, states: InventoryStates) -> InventoryDecision:
    id = reservation_id(command.order_id)
    if states[id]:
        return {}  # the reservation exists: this command is a redelivery
    short = [
        Shortage(sku=sku, requested=wanted, available=available)
        for sku, wanted in command.lines.items()
        if (available := _available(_stock(states, sku))) < wanted
    ]
    if short:
        return {id: [ReservationShort(order_id=command.order_id, shortages=short)]}
    return {
        id: [ReservationMade(order_id=command.order_id, lines=dict(command.lines))],
        **{sku: [StockReserved(order_id=command.order_id, quantity=n)] for sku, n in command.lines.items()},
    }


def _release(order_id: str, states: InventoryStates) -> InventoryDecision:
    id, reservation = reservation_id(order_id), _reservation(states, order_id)
    if reservation is None:
        return {id: [ReservationReleased(order_id=order_id)]}  # Reserve comes later, and will reserve nothing
    if reservation.status != "reserved":
        return {}
    return {
        id: [ReservationReleased(order_id=order_id)],
        **{sku: [StockReleased(order_id=order_id, quantity=n)] for sku, n in reservation.lines.items()},
    }


def _ship(order_id: str, states: InventoryStates) -> InventoryDecision:
    id, reservation = reservation_id(order_id), _reservation(states, order_id)
    if reservation is not None and reservation.status == "shipped":
        return {}
    if reservation is None or reservation.status != "reserved":
        status = reservation.status if reservation else "unknown"
        raise Rejected(
            "not-reserved",
            f"{order_id} has nothing reserved (its reservation is {status}), so nothing was taken from stock."
            " Adjust the stock of what left the house, then discard the dead letter.",
        )
    return {
        id: [ReservationShipped(order_id=order_id)],
        **{sku: [StockShipped(order_id=order_id, quantity=n)] for sku, n in reservation.lines.items()},
    }


def _stock(states: InventoryStates, sku: str) -> Stock | None:
    state = states[sku]
    return state if isinstance(state, Stock) else None


def _reservation(states: InventoryStates, order_id: str) -> Reservation | None:
    state = states[reservation_id(order_id)]
    return state if isinstance(state, Reservation) else None


def _available(stock: Stock | None) -> int:
    return stock.on_hand - stock.reserved if stock else 0


def evolve_stock(state: Stock | None, event: StockEvent) -> Stock:
    """Return the stock of a SKU after an event."""
    stock = state or Stock()
    on_hand, reserved = stock.on_hand, stock.reserved
    match event:
        case StockReceived(quantity=n):
            return Stock(on_hand=on_hand + n, reserved=reserved)
        case StockAdjusted(change=n):
            return Stock(on_hand=on_hand + n, reserved=reserved)
        case StockReserved(quantity=n):
            return Stock(on_hand=on_hand, reserved=reserved + n)
        case StockReleased(quantity=n):
            return Stock(on_hand=on_hand, reserved=reserved - n)
        case StockShipped(quantity=n):
            return Stock(on_hand=on_hand - n, reserved=reserved - n)
    assert_never(event)


def evolve_reservation(state: Reservation | None, event: ReservationEvent) -> Reservation:
    """Return an order's reservation after an event."""
    lines = state.lines if state else {}
    match event:
        case ReservationMade():
            return Reservation(status="reserved", lines=event.lines)
        case ReservationShort():
            return Reservation(status="short", shortages=event.shortages)
        case ReservationReleased():
            return Reservation(status="released", lines=lines)
        case ReservationShipped():
            return Reservation(status="shipped", lines=lines)
    assert_never(event)
