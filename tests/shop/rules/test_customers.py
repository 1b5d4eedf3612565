"""The rules of customers."""

import pytest

from chalicelib.customers.commands import Change, CustomerChange, Delete, NewCustomer, Register
from chalicelib.customers.domain import (
    CustomerChanged,
    CustomerDeleted,
    CustomerRegistered,
    decide,
    email_key,
    evolve,
)
from tests.support.spec import Decider

AT = "2026-01-02T03:04:05.000Z"
ADA = CustomerRegistered(name="Ada", email="ada@example.com", country="United Kingdom", at=AT)
REGISTER = Register("cus_1", AT, NewCustomer(name="Ada", email="ada@example.com", country="United Kingdom"))
given = Decider(decide, evolve).given


def test_register() -> None:
    """A new customer is registered with its particulars."""
    state = given().when(REGISTER).then(ADA)
    assert (state.name, state.created_at, state.deleted) == ("Ada", AT, False)


def test_register_twice() -> None:
    """An id that lives cannot be registered again."""
    assert given(ADA).when(REGISTER).rejects("duplicate").facts == {"existing": "cus_1"}


def test_register_after_delete() -> None:
    """A deleted customer may come back, as new."""
    assert not given(ADA, CustomerDeleted()).when(REGISTER).then(ADA).deleted


def test_change_names_only_differences() -> None:
    """A change records what differs, and nothing else."""
    change = Change(CustomerChange(name="Ada", email="countess@example.com"))
    state = given(ADA).when(change).then(CustomerChanged(changes={"email": "countess@example.com"}))
    assert state.country == "United Kingdom"


def test_change_to_the_same() -> None:
    """A change that changes nothing is no event."""
    given(ADA).when(Change(CustomerChange(name="Ada"))).then()


def test_null_clears_the_country() -> None:
    """Null is a value, unlike leaving the field out."""
    state = given(ADA).when(Change(CustomerChange(country=None))).then(CustomerChanged(changes={"country": None}))
    assert state.country is None


def test_delete() -> None:
    """Deleting leaves a tombstone that keeps what it was."""
    state = given(ADA).when(Delete()).then(CustomerDeleted())
    assert (state.deleted, state.name) == (True, "Ada")


@pytest.mark.parametrize("command", [Delete(), Change(CustomerChange(name="Eve"))])
def test_nobody_there(command: object) -> None:
    """Neither the unknown nor the deleted can be changed or deleted."""
    given().when(command).rejects("not-found")
    given(ADA, CustomerDeleted()).when(command).rejects("not-found")


def test_email_key_folds_case() -> None:
    """Two spellings of one address are one address."""
    assert email_key("Ada@Example.COM") == email_key("ada@example.com")
    assert email_key("STRASSE@example.com") == email_key("straße@example.com")


def test_email_that_folds_too_long() -> None:
    """An address whose folded form would not fit into a key is refused as a fault of its field."""
    address = "\ufdfa" * 60 + "@" + "\ufdfa" * 60 + ".example"
    for command in (Register("cus_1", AT, NewCustomer(name="x", email=address)), Change(CustomerChange(email=address))):
        history = [ADA] if isinstance(command, Change) else []
        assert given(*history).when(command).rejects("invalid").faults == {"/email": "too long"}
