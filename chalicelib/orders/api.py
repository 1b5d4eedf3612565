"""The routes of orders."""

from typing import Any

import msgspec

from chalicelib.core.commands.pipeline import Envelope
from chalicelib.core.errors import Fault, Invalid
from chalicelib.core.http.chalice_adapter import Api
from chalicelib.core.http.endpoint import Call
from chalicelib.core.http.hints import Display
from chalicelib.core.ids import new_id
from chalicelib.core.queries.limit import QueryCursor
from chalicelib.core.queries.listing import Page
from chalicelib.orders.answers import OrderDetail, OrderFilters, OrderSummary
from chalicelib.orders.bodies import Cancellation, NewOrder, OrderAnswer
from chalicelib.orders.commands import Cancel, Deliver, OrderCommand, Ship
from chalicelib.orders.domain import Order
from chalicelib.orders.placing import place_command
from chalicelib.orders.queries import get_order, list_orders
from chalicelib.vocabulary import CustomerId, OrderId

api = Api("orders", id=OrderId)
# The id in these paths is a customer's. The query is here because it answers with orders.
customer_orders_api = Api("orders", id=CustomerId)


@api.command("POST", "/orders", "orders.place", body=NewOrder, answer=OrderAnswer, location="/orders/{id}")
def place(call: Call[NewOrder]) -> Envelope:
    """Place an order at the catalog's prices. Staff may state other prices."""
    return call.envelope(place_command(call), (new_id("ord"),), new_ids=True)


@api.command("POST", "/orders/{id}/cancel", "orders.cancel", body=Cancellation, answer=OrderAnswer)
def cancel(call: Call[Cancellation]) -> Envelope:
    """Cancel an order that has not been shipped."""
    return _step(call, Cancel(call.body.reason))


@api.command("POST", "/orders/{id}/ship", "orders.ship", answer=OrderAnswer)
def ship(call: Call[None]) -> Envelope:
    """Record that an order was shipped."""
    return _step(call, Ship())


@api.command("POST", "/orders/{id}/deliver", "orders.deliver", answer=OrderAnswer)
def deliver(call: Call[None]) -> Envelope:
    """Record that an order was delivered."""
    return _step(call, Deliver())


def _step(call: Call[Any], command: OrderCommand) -> Envelope:
    return call.envelope(command, (call["id"],), owner=_owner)


def _owner(order: Order) -> str:
    return order.customer_id


_DISPLAY = Display(columns=("id", "status", "customer", "total", "quantity", "placed_at"), board="status")


@api.query("/orders", "orders.list", parameters=OrderFilters, answer=OrderSummary, is_list=True, display=_DISPLAY)
def list_(call: Call[OrderFilters], cursor: QueryCursor) -> Page[OrderSummary]:
    """List orders, with data of all services. A customer sees only its own."""
    return list_orders(cursor, _of(call, call.own), call.runtime.signer)


@api.query("/orders/{id}", "orders.get", answer=OrderDetail)
def get(call: Call[None], cursor: QueryCursor) -> OrderDetail:
    """Show an order with its lines, names and stock."""
    order = call.found(get_order(cursor, call["id"]), "order")
    call.require_own(order.customer.id)
    return order


@customer_orders_api.query(
    "/customers/{id}/orders",
    "customers.orders",
    parameters=OrderFilters,
    answer=OrderSummary,
    is_list=True,
    display=Display(columns=("id", "status", "total", "quantity", "placed_at")),
)
def of_customer(call: Call[OrderFilters], cursor: QueryCursor) -> Page[OrderSummary]:
    """List a customer's orders."""
    call.require_own(call["id"])
    return list_orders(cursor, _of(call, call["id"]), call.runtime.signer)


def _of(call: Call[OrderFilters], customer: str | None) -> OrderFilters:
    """The filters, narrowed to one customer.

    Raises:
        Invalid: they name another customer.
    """
    asked = call.body.customer
    if customer is None or asked == customer:
        return call.body
    if asked is not None:
        detail = f"only {customer}'s orders can be listed here"
        raise Invalid(f"customer: {detail}.", faults=[Fault(detail, parameter="customer")])
    return msgspec.structs.replace(call.body, customer=customer)
