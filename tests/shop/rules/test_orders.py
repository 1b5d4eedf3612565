"""The rules of orders."""

from typing import Any

import pytest

from chalicelib.catalog.published import Listing
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
from chalicelib.orders.domain import (
    Line,
    OrderCancelled,
    OrderConfirmed,
    OrderDelivered,
    OrderExpired,
    OrderPlaced,
    OrderRejected,
    OrderShipped,
    decide,
    evolve,
)
from tests.support.spec import Decider

AT = "2026-01-02T03:04:05.000Z"
LANTERN = Listing("Lantern", 339, "GBP", discontinued=False)
MUG = Listing("Mug", 255, "GBP", discontinued=False)
PLACED = OrderPlaced(
    customer_id="cus_1",
    currency="GBP",
    total=2 * 339 + 255,
    placed_at=AT,
    lines=[Line("71053", 2, 339), Line("21212", 1, 255)],
    products={"71053": "Lantern", "21212": "Mug"},
    reference="536365",
)
SHORT = [Shortage("71053", requested=2, available=1)]
given = Decider(decide, evolve).given


def place(*lines: RequestedLine, **changes: Any) -> Place:
    """Return a command to place an order for Ada."""
    usual = {
        "customer_id": "cus_1",
        "placed_at": AT,
        "lines": lines,
        "reference": "536365",
        "registered": True,
        "listings": {"71053": LANTERN, "21212": MUG},
    }
    return Place(**{**usual, **changes})


def test_place_at_catalog_prices() -> None:
    """An order takes the catalog's prices and keeps the products' names."""
    lines = RequestedLine(sku="71053", quantity=2), RequestedLine(sku="21212", quantity=1)
    state = given().when(place(*lines)).then(PLACED)
    assert (state.status, state.total) == ("placed", 933)


def test_place_at_a_stated_price() -> None:
    """A stated price counts, even zero. Several lines may have the same SKU."""
    lines = RequestedLine(sku="71053", quantity=3, unit_price=0), RequestedLine(sku="71053", quantity=1, unit_price=100)
    state = evolve(None, decide(place(*lines), None)[0])
    assert (state.total, [line.unit_price for line in state.lines]) == (100, [0, 100])


def test_place_for_nobody() -> None:
    """The customer has to exist."""
    command = place(RequestedLine(sku="71053", quantity=1), registered=False)
    assert given().when(command).rejects("unknown-customer").faults == {("customer_id",): "no such customer"}


def test_place_unknown_and_discontinued_products() -> None:
    """Every line with an unknown or discontinued product is named."""
    lines = RequestedLine(sku="71053", quantity=1), RequestedLine(sku="nope", quantity=1)
    assert list(given().when(place(*lines)).rejects("unknown-product").faults) == [("lines", 1, "sku")]
    gone = place(lines[0], listings={"71053": Listing("Lantern", 339, "GBP", discontinued=True)})
    assert list(given().when(gone).rejects("discontinued").faults) == [("lines", 0, "sku")]


@pytest.mark.parametrize("most", [3, None])
def test_place_as_many_pieces_as_it_may(most: int | None) -> None:
    """The pieces of all lines count together. Without a limit, any number is allowed."""
    lines = RequestedLine(sku="71053", quantity=2), RequestedLine(sku="21212", quantity=1)
    given().when(place(*lines, most_pieces=most)).then(PLACED)


def test_place_more_pieces_than_it_may() -> None:
    """One piece more than the limit, over all lines, is refused. The refusal names the limit."""
    lines = RequestedLine(sku="71053", quantity=2), RequestedLine(sku="21212", quantity=1)
    refusal = given().when(place(*lines, most_pieces=2)).rejects("too-many-pieces")
    assert refusal.faults == {("lines",): "3 pieces; the limit is 2"}


def test_place_in_two_currencies() -> None:
    """An order has one currency."""
    lines = RequestedLine(sku="71053", quantity=1), RequestedLine(sku="21212", quantity=1)
    euros = {"71053": LANTERN, "21212": Listing("Mug", 255, "EUR", discontinued=False)}
    given().when(place(*lines, listings=euros)).rejects("mixed-currencies")


def test_the_long_way() -> None:
    """An order goes from placed to confirmed, shipped and delivered."""
    given(PLACED).when(Confirm()).then(OrderConfirmed())
    given(PLACED, OrderConfirmed()).when(Ship()).then(OrderShipped())
    state = given(PLACED, OrderConfirmed(), OrderShipped()).when(Deliver()).then(OrderDelivered())
    assert state.status == "delivered"


def test_reject() -> None:
    """A rejected order shows the shortages."""
    assert given(PLACED).when(Reject(SHORT)).then(OrderRejected(shortages=SHORT)).shortages == SHORT


def test_cancel_until_shipped() -> None:
    """Placed and confirmed orders can be cancelled, and the event has the former status."""
    state = given(PLACED).when(Cancel("changed my mind")).then(OrderCancelled(was="placed", reason="changed my mind"))
    assert (state.status, state.reason) == ("cancelled", "changed my mind")
    given(PLACED, OrderConfirmed()).when(Cancel(None)).then(OrderCancelled(was="confirmed"))
    given(PLACED, OrderConfirmed(), OrderShipped()).when(Cancel(None)).rejects("wrong-state")


LATER = "2026-01-02T03:04:05.001Z"


@pytest.mark.parametrize(("history", "was"), [([], "placed"), ([OrderConfirmed()], "confirmed")])
def test_expire(history: list[Any], was: str) -> None:
    """An order that has waited for its shipment since before that moment is cancelled with a reason."""
    state = given(PLACED, *history).when(Expire(LATER)).then(OrderExpired(was=was))
    assert (state.status, state.reason) == ("cancelled", "It was not shipped in time.")


@pytest.mark.parametrize(
    "history",
    [
        [OrderRejected(shortages=SHORT)],
        [OrderCancelled(was="placed")],
        [OrderExpired(was="placed")],
        [OrderConfirmed(), OrderShipped()],
        [OrderConfirmed(), OrderShipped(), OrderDelivered()],
    ],
)
def test_nothing_that_waits_no_more_expires(history: list[Any]) -> None:
    """The command is no error either, since the read model that proposed it may be behind."""
    given(PLACED, *history).when(Expire(LATER)).then()


def test_what_was_placed_at_that_moment_does_not_expire() -> None:
    """An order that was placed exactly at that moment does not expire."""
    given(PLACED).when(Expire(AT)).then()


@pytest.mark.parametrize(
    ("command", "history"),
    [
        (Confirm(), [OrderConfirmed()]),
        (Confirm(), [OrderConfirmed(), OrderShipped()]),
        (Reject(SHORT), [OrderRejected(shortages=SHORT)]),
        (Cancel(None), [OrderCancelled(was="placed")]),
        (Ship(), [OrderConfirmed(), OrderShipped()]),
        (Ship(), [OrderConfirmed(), OrderShipped(), OrderDelivered()]),
        (Deliver(), [OrderConfirmed(), OrderShipped(), OrderDelivered()]),
    ],
)
def test_a_step_made_before(command: OrderCommand, history: list[Any]) -> None:
    """A repeated step succeeds and changes nothing."""
    given(PLACED, *history).when(command).then()


@pytest.mark.parametrize(
    ("command", "history"),
    [
        (Confirm(), [OrderCancelled(was="placed")]),
        (Confirm(), [OrderRejected(shortages=SHORT)]),
        (Reject(SHORT), [OrderConfirmed()]),
        (Cancel(None), [OrderRejected(shortages=SHORT)]),
        (Ship(), []),
        (Ship(), [OrderCancelled(was="placed")]),
        (Deliver(), [OrderConfirmed()]),
    ],
)
def test_a_step_out_of_order(command: OrderCommand, history: list[Any]) -> None:
    """An impossible step is refused, and the refusal names the status."""
    refusal = given(PLACED, *history).when(command).rejects("wrong-state")
    assert "status_now" in refusal.facts


@pytest.mark.parametrize("command", [Confirm(), Reject(SHORT), Cancel(None), Ship(), Deliver(), Expire(LATER)])
def test_no_such_order(command: OrderCommand) -> None:
    """An order that was never placed accepts no step."""
    given().when(command).rejects("not-found")


def test_stored_event_does_not_repeat_the_lines() -> None:
    """The state has the lines. The event stored beside it leaves them out."""
    assert PLACED.held_by_state == {"lines", "products"}
