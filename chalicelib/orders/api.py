"""The routes of orders."""

from typing import Any

from chalicelib.core.endpoint import Call, Planned
from chalicelib.core.fields import OrderId
from chalicelib.core.http import Api
from chalicelib.core.ids import new_id
from chalicelib.orders.commands import Cancel, Cancellation, Confirm, Deliver, NewOrder, OrderAnswer, Ship
from chalicelib.orders.placing import place_command

api = Api("orders", id=OrderId)


@api.command("POST", "/orders", "orders.place", body=NewOrder, answer=OrderAnswer, location="/orders/{id}")
def place(call: Call[NewOrder]) -> Planned:
    """Place an order, at the catalog's prices unless staff state others."""
    return Planned(place_command(call), (new_id("ord"),))


@api.command("POST", "/orders/{id}/cancel", "orders.cancel", body=Cancellation, answer=OrderAnswer)
def cancel(call: Call[Cancellation]) -> Planned:
    """Call an order off, before it is shipped."""
    return _planned(call, Cancel(call.body.reason))


@api.command("POST", "/orders/{id}/confirm", "orders.confirm", answer=OrderAnswer)
def confirm(call: Call[None]) -> Planned:
    """Confirm that an order can be fulfilled."""
    return _planned(call, Confirm())


@api.command("POST", "/orders/{id}/ship", "orders.ship", answer=OrderAnswer)
def ship(call: Call[None]) -> Planned:
    """Record that an order's goods left the house."""
    return _planned(call, Ship())


@api.command("POST", "/orders/{id}/deliver", "orders.deliver", answer=OrderAnswer)
def deliver(call: Call[None]) -> Planned:
    """Record that an order's goods arrived."""
    return _planned(call, Deliver())


def _planned(call: Call[Any], command: object) -> Planned:
    return Planned(command, (call["id"],), owner=lambda order: order.customer_id)
