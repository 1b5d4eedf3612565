"""The rules of customers: an e-mail address is unique among customers that are not deleted. Case is ignored."""

import unicodedata
from collections.abc import Sequence
from typing import assert_never

import msgspec

from chalicelib.core.decider import Event, Missing, Rejected, State, Unacceptable, differences
from chalicelib.customers.commands import Change, CustomerCommand, Delete, Register


class Customer(State, frozen=True):
    """One customer."""

    name: str
    email: str
    created_at: str
    country: str | None = None


class CustomerRegistered(Event, frozen=True):
    """A customer was registered."""

    name: str
    email: str
    at: str
    country: str | None = None


class CustomerChanged(Event, frozen=True):
    """Fields of a customer changed. Only changed fields are set."""

    changes: dict[str, str | None]


class CustomerDeleted(Event, frozen=True):
    """A customer was deleted."""


CustomerEvent = CustomerRegistered | CustomerChanged | CustomerDeleted


def decide(command: CustomerCommand, state: Customer | None) -> Sequence[CustomerEvent]:
    """Return the events that a command causes for a customer."""
    match command:
        case Register(id=id):
            if state and not state.deleted:
                raise Rejected("duplicate", f"{id} is registered already. Change it instead.", existing=id)
            _check_email(command.email)
            return [CustomerRegistered(name=command.name, email=command.email, country=command.country, at=command.at)]
        case Change():
            changes = differences(command, _living(state))
            _check_email(changes.get("email", ""))
            return [CustomerChanged(changes=changes)] if changes else []
        case Delete():
            _living(state)
            return [CustomerDeleted()]
    assert_never(command)


def evolve(state: Customer | None, event: CustomerEvent) -> Customer:
    """Return the state after an event."""
    match event:
        case CustomerRegistered():
            return Customer(name=event.name, email=event.email, country=event.country, created_at=event.at)
        case CustomerChanged(changes=changes):
            return msgspec.structs.replace(_living(state), **changes)
        case CustomerDeleted():
            return msgspec.structs.replace(_living(state), deleted=True)
    assert_never(event)


def email_key(email: str) -> str:
    """Return a key that is equal for two spellings of one address: other case, or the other form of its domain."""
    local, _, domain = email.rpartition("@")
    labels = _folded(domain).replace("\u3002", ".").split(".")
    return f"{_folded(local)}@{'.'.join(map(_unicode_label, labels))}"


def _folded(text: str) -> str:
    """A compatibility caseless match (Unicode, D146). Folding can undo a normal form, hence one after each of two."""
    for _ in range(2):
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFKC", text)


def _unicode_label(label: str) -> str:
    """The Unicode form of a label of an internationalized domain (RFC 3492), since a mail may name either."""
    if not label.startswith("xn--"):
        return label
    try:
        found = _folded(label[4:].encode("ascii").decode("punycode"))
        found.encode()  # punycode can encode surrogates, which are not text
    except UnicodeError:
        return label
    return found


def _check_email(email: str) -> None:
    """Refuse an address whose folded form is too long: its claim is a key of at most 2,048 bytes."""
    if len(email_key(email).encode()) > 1024:
        raise Unacceptable("invalid", "The e-mail address is too long.", faults={("email",): "too long"})


def _living(state: Customer | None) -> Customer:
    if state is None or state.deleted:
        raise Missing("This customer does not exist or was deleted. Check the id.")
    return state
