"""The rules of the inventory."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.core.decider import Event, Rejected
from chalicelib.inventory.commands import Adjust, Receive, Release, Reserve, Ship
from chalicelib.inventory.domain import (
    Reservation,
    ReservationReleased,
    ReservationShipped,
    ReservationShort,
    Shortage,
    Stock,
    StockAdjusted,
    StockReceived,
    StockReleased,
    StockReserved,
    StockShipped,
    decide,
    evolve_reservation,
    evolve_stock,
)

RES = "res#ord_1"
RESERVED = Reservation(status="reserved", lines={"A": 2, "B": 1})


def after(states: Mapping[str, Any], events: Mapping[str, list[Event]]) -> dict[str, Any]:
    """Return the states after events."""
    result = dict(states)
    for id, done in events.items():
        evolve = evolve_reservation if id.startswith("res#") else evolve_stock
        for event in done:
            result[id] = evolve(result.get(id), event)
    return result


def test_receive() -> None:
    """A receipt adds pieces, with and without earlier stock."""
    received = decide(Receive("A", quantity=5, reference="dn-1"), {"A": None})
    assert received == {"A": [StockReceived(quantity=5, reference="dn-1")]}
    assert after({"A": Stock(on_hand=1, reserved=1)}, received)["A"] == Stock(on_hand=6, reserved=1)


def test_adjust_down_to_what_is_promised() -> None:
    """Pieces can be written off down to the reserved number, not below."""
    stock = {"A": Stock(on_hand=5, reserved=2)}
    lost = decide(Adjust("A", change=-3, reason="broken"), stock)
    assert after(stock, lost)["A"] == Stock(on_hand=2, reserved=2)
    assert lost == {"A": [StockAdjusted(change=-3, reason="broken")]}
    with pytest.raises(Rejected) as refusal:
        decide(Adjust("A", change=-4, reason="broken"), stock)
    assert (refusal.value.code, refusal.value.faults) == ("insufficient-stock", {("change",): "at least -3"})


def test_adjust_nothing() -> None:
    """A change of zero causes no event. A SKU that was never received cannot be adjusted."""
    assert decide(Adjust("A", change=0, reason="counted"), {"A": Stock(on_hand=1)}) == {"A": []}
    with pytest.raises(Rejected, match="not-found"):
        decide(Adjust("A", change=1, reason="found"), {"A": None})


def test_reserve_all() -> None:
    """If there is enough, each SKU reserves its pieces, and the order's reservation says so."""
    states = {RES: None, "A": Stock(on_hand=2), "B": Stock(on_hand=3, reserved=2)}
    events = decide(Reserve("ord_1", {"A": 2, "B": 1}), states)
    assert events["A"] == [StockReserved(order_id="ord_1", quantity=2)]
    assert after(states, events) == {
        RES: RESERVED,
        "A": Stock(on_hand=2, reserved=2),
        "B": Stock(on_hand=3, reserved=3),
    }


def test_reserve_nothing_when_one_is_short() -> None:
    """If one SKU is short, nothing is reserved, and the reservation names the shortage."""
    states = {RES: None, "A": Stock(on_hand=9), "B": Stock(on_hand=3, reserved=3), "C": None}
    events = decide(Reserve("ord_1", {"A": 2, "B": 1, "C": 4}), states)
    short = [Shortage("B", 1, 0), Shortage("C", 4, 0)]
    assert events == {RES: [ReservationShort(order_id="ord_1", shortages=short)]}
    assert after(states, events)[RES] == Reservation(status="short", shortages=short)


@pytest.mark.parametrize("status", ["reserved", "short", "released", "shipped"])
def test_reserve_again(status: str) -> None:
    """A redelivered Reserve changes nothing, whatever its result was, even if there is stock by now."""
    assert decide(Reserve("ord_1", {"A": 1}), {RES: Reservation(status=status), "A": Stock(on_hand=9)}) == {}


def test_release() -> None:
    """A release makes every piece available again."""
    states = {RES: RESERVED, "A": Stock(on_hand=2, reserved=2), "B": Stock(on_hand=3, reserved=3)}
    events = decide(Release("ord_1"), states)
    assert events["A"] == [StockReleased(order_id="ord_1", quantity=2)]
    released = after(states, events)
    assert (released["A"].reserved, released["B"].reserved, released[RES].status) == (0, 2, "released")


def test_release_before_reserve() -> None:
    """A release before its Reserve is recorded, so that Reserve then does nothing."""
    events = decide(Release("ord_1"), {RES: None})
    assert events == {RES: [ReservationReleased(order_id="ord_1")]}
    assert decide(Reserve("ord_1", {"A": 1}), {**after({}, events), "A": Stock(on_hand=9)}) == {}


@pytest.mark.parametrize("status", ["short", "released", "shipped"])
def test_release_again(status: str) -> None:
    """A second release changes nothing."""
    assert decide(Release("ord_1"), {RES: Reservation(status=status)}) == {}


def test_ship() -> None:
    """Shipping removes the pieces from stock and from the reserved pieces."""
    states = {RES: RESERVED, "A": Stock(on_hand=2, reserved=2), "B": Stock(on_hand=3, reserved=3)}
    events = decide(Ship("ord_1"), states)
    assert events[RES] == [ReservationShipped(order_id="ord_1")]
    assert events["B"] == [StockShipped(order_id="ord_1", quantity=1)]
    shipped = after(states, events)
    assert (shipped["A"], shipped["B"], shipped[RES].status) == (Stock(), Stock(on_hand=2, reserved=2), "shipped")


def test_ship_again_or_never_reserved() -> None:
    """A second shipping changes nothing. Shipping without a reservation is refused."""
    assert decide(Ship("ord_1"), {RES: Reservation(status="shipped")}) == {}
    for reservation in (None, Reservation(status="short"), Reservation(status="released")):
        with pytest.raises(Rejected, match="not-reserved") as refusal:
            decide(Ship("ord_1"), {RES: reservation})
        assert "discard the dead letter" in refusal.value.detail
