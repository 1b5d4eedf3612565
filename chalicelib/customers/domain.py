"""The rules of customers: an e-mail address is unique among the living, whatever its case."""

import unicodedata
from collections.abc import Sequence
from typing import Any

import msgspec

from chalicelib.core.decider import Event, Missing, Rejected, State
from chalicelib.customers.commands import Change, CustomerChange, Delete, Register


class Customer(State, frozen=True):
    """One customer."""

    name: str
    email: str
    created_at: str
    country: str | None = None


class CustomerRegistered(Event, frozen=True):
    """A customer joined."""

    name: str
    email: str
    at: str
    country: str | None = None


class CustomerChanged(Event, frozen=True):
    """Particulars changed; only those are named."""

    changes: dict[str, str | None]


class CustomerDeleted(Event, frozen=True):
    """A customer left."""


def decide(command: Any, state: Customer | None) -> Sequence[Event]:
    """What a command does to a customer."""
    match command:
        case Register(id=id, at=at, details=new):
            if state and not state.deleted:
                raise Rejected("duplicate", f"{id} is registered already; change it instead.", existing=id)
            return [CustomerRegistered(name=new.name, email=new.email, country=new.country, at=at)]
        case Change(change=change):
            changes = _differences(change, _living(state))
            return [CustomerChanged(changes=changes)] if changes else []
        case Delete():
            _living(state)
            return [CustomerDeleted()]
    raise TypeError(f"customers know no {type(command).__name__}")


def evolve(state: Customer | None, event: Any) -> Customer:
    """The state after an event."""
    match event:
        case CustomerRegistered():
            return Customer(name=event.name, email=event.email, country=event.country, created_at=event.at)
        case CustomerChanged(changes=changes):
            return msgspec.structs.replace(_living(state), **changes)
        case CustomerDeleted():
            return msgspec.structs.replace(_living(state), deleted=True)
    raise TypeError(f"customers know no {type(event).__name__}")


def email_key(email: str) -> str:
    """Two addresses with the same key are the same address."""
    return unicodedata.normalize("NFKC", email).casefold()


def _living(state: Customer | None) -> Customer:
    if state is None or state.deleted:
        raise Missing("There is no such customer, or no longer.")
    return state


def _differences(change: CustomerChange, state: Customer) -> dict[str, str | None]:
    asked = {name: getattr(change, name) for name in change.__struct_fields__}
    return {
        name: value for name, value in asked.items() if value is not msgspec.UNSET and value != getattr(state, name)
    }
