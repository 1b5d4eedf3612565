"""The rules of customers."""

import unicodedata

import hypothesis
import pytest
from hypothesis import strategies as st

from chalicelib.customers.commands import Change, CustomerCommand, Delete, Register
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
REGISTER = Register(id="cus_1", at=AT, name="Ada", email="ada@example.com", country="United Kingdom")
given = Decider(decide, evolve).given


def test_register() -> None:
    """A new customer is registered with its fields."""
    state = given().when(REGISTER).then(ADA)
    assert (state.name, state.created_at, state.deleted) == ("Ada", AT, False)


def test_register_twice() -> None:
    """The id of a customer that is not deleted cannot be registered again."""
    assert given(ADA).when(REGISTER).rejects("duplicate").facts == {"existing": "cus_1"}


def test_register_after_delete() -> None:
    """A deleted customer can be registered again, as new."""
    assert not given(ADA, CustomerDeleted()).when(REGISTER).then(ADA).deleted


def test_change_names_only_differences() -> None:
    """A change records only the fields that differ."""
    change = Change(name="Ada", email="countess@example.com")
    state = given(ADA).when(change).then(CustomerChanged(changes={"email": "countess@example.com"}))
    assert state.country == "United Kingdom"


def test_change_to_the_same() -> None:
    """A change that changes nothing causes no event."""
    given(ADA).when(Change(name="Ada")).then()


def test_null_clears_the_country() -> None:
    """Null is a value. It differs from leaving the field out."""
    state = given(ADA).when(Change(country=None)).then(CustomerChanged(changes={"country": None}))
    assert state.country is None


def test_delete() -> None:
    """Deleting leaves a tombstone with the customer's last state."""
    state = given(ADA).when(Delete()).then(CustomerDeleted())
    assert (state.deleted, state.name) == (True, "Ada")


@pytest.mark.parametrize("command", [Delete(), Change(name="Eve")])
def test_nobody_there(command: CustomerCommand) -> None:
    """An unknown or deleted customer can be neither changed nor deleted."""
    given().when(command).rejects("not-found")
    given(ADA, CustomerDeleted()).when(command).rejects("not-found")


def test_email_key_folds_case() -> None:
    """Two spellings of an address count as one address."""
    assert email_key("Ada@Example.COM") == email_key("ada@example.com")
    assert email_key("STRASSE@example.com") == email_key("straße@example.com")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u03aa\u0301@example.com", "\u0390@example.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@BÜCHER.example", "ada@XN--Bcher-KVA.example"),
        ("ada@strasse.example", "ada@xn--strae-oqa.example"),
        ("ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah"),
        ("ada@a.b.example", "ada@a\u3002b\uff0eexample"),
        ("\uff21da@example.com", "ada@example.com"),
    ],
)
def test_email_key_of_two_forms(one: str, other: str) -> None:
    """All forms of an address have one key: normal forms, widths, and both forms of an internationalized domain."""
    assert email_key(one) == email_key(other)


@hypothesis.given(st.text())
@hypothesis.example("\u03aa\u0301")
def test_email_key_ignores_case_and_normal_forms(text: str) -> None:
    """For any text, its lower case, its normal forms and its key itself all have the same key."""
    address = f"{text}@{text}.example"
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert email_key(unicodedata.normalize(form, address)) == email_key(address)
    assert email_key(address.lower()) == email_key(address.casefold()) == email_key(address)
    assert email_key(email_key(address)) == email_key(address)


@pytest.mark.parametrize("label", ["xn--", "xn--\u00e9", "xn--99999999999", "xn---", "xn--0ca", "xn--a-0dc"])
def test_email_key_of_bad_labels(label: str) -> None:
    """A label that only looks internationalized is taken as it is, and never fails."""
    assert email_key(f"ada@{label}.example").encode()
    assert email_key(f"ada@xn--{chr(0xD800).encode('punycode').decode()}.example".replace("?", "")).encode()


def test_email_that_folds_too_long() -> None:
    """An address whose folded form does not fit into a key is refused as a fault of its field."""
    address = "\ufdfa" * 60 + "@" + "\ufdfa" * 60 + ".example"
    for command in (Register(id="cus_1", at=AT, name="x", email=address), Change(email=address)):
        history = [ADA] if isinstance(command, Change) else []
        assert given(*history).when(command).rejects("invalid").faults == {("email",): "too long"}
