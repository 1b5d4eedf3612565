"""The routes of customers."""

from chalicelib.core.commands.pipeline import Envelope
from chalicelib.core.http.chalice_adapter import Api
from chalicelib.core.http.endpoint import Call
from chalicelib.core.http.hints import Display
from chalicelib.core.ids import new_id
from chalicelib.core.queries.limit import QueryCursor
from chalicelib.core.queries.listing import Page
from chalicelib.customers.bodies import CustomerAnswer, CustomerChange, DeletedAnswer, NewCustomer
from chalicelib.customers.commands import Change, Delete, Register
from chalicelib.customers.queries import (
    CustomerDetail,
    CustomerFilters,
    CustomerSummary,
    get_customer,
    list_customers,
)
from chalicelib.customers.settings import default_currency
from chalicelib.vocabulary import CustomerId

api = Api("customers", id=CustomerId)


@api.command(
    "POST", "/customers", "customers.register", body=NewCustomer, answer=CustomerAnswer, location="/customers/{id}"
)
def register(call: Call[NewCustomer]) -> Envelope:
    """Register a customer. With a customer's token, the new id is the token's subject."""
    id = call.own or new_id("cus")
    new = call.body
    register = Register(id=id, at=call.at, name=new.name, email=new.email, country=new.country)
    return call.envelope(register, (id,), new_ids=True, owner=id)


@api.command("PATCH", "/customers/{id}", "customers.change", body=CustomerChange, answer=CustomerAnswer)
def change(call: Call[CustomerChange]) -> Envelope:
    """Change some of a customer's fields."""
    new = call.body
    return call.envelope(Change(name=new.name, email=new.email, country=new.country), (call["id"],), owner=call["id"])


@api.command("DELETE", "/customers/{id}", "customers.delete", answer=DeletedAnswer)
def delete(call: Call[None]) -> Envelope:
    """Delete a customer. Its e-mail address becomes available again."""
    return call.envelope(Delete(), (call["id"],), owner=call["id"])


@api.query(
    "/customers",
    "customers.list",
    parameters=CustomerFilters,
    answer=CustomerSummary,
    is_list=True,
    display=Display(columns=("name", "email", "country", "orders.order_count", "orders.spend", "orders.last_order_at")),
)
def list_(call: Call[CustomerFilters], cursor: QueryCursor) -> Page[CustomerSummary]:
    """List customers with their orders in one currency."""
    return list_customers(cursor, call.body, call.runtime.signer, default_currency())


@api.query("/customers/{id}", "customers.get", answer=CustomerDetail)
def get(call: Call[None], cursor: QueryCursor) -> CustomerDetail:
    """Show a customer with its orders in each currency."""
    call.require_own(call["id"])
    return call.found(get_customer(cursor, call["id"]), "customer")
