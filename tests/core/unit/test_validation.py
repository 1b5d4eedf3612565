"""Bad input is named field by field, at a limited cost."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from chalicelib.core.errors import Invalid, Malformed
from chalicelib.core.fields import Body, Email, Name, one_line
from chalicelib.core.http.json_text import decode_json
from chalicelib.core.http.parameters import check_query
from chalicelib.core.http.validation import check_body
from tests.core.domain.transfers.bodies import NewTransfer


class NewPerson(Body, frozen=True):
    """A made-up body."""

    name: Name
    email: Email
    country: Annotated[str, one_line(60)] | None = None


class PersonChange(Body, frozen=True):
    """A made-up change. Null clears the country."""

    name: Name | UnsetType = UNSET
    country: Annotated[str, one_line(60)] | None | UnsetType = UNSET


def pointers(document: Any, kind: type[Any]) -> dict[str | None, str]:
    """Return the faults of a document, by pointer."""
    with pytest.raises(Invalid) as caught:
        check_body(document, kind)
    return {fault.pointer: fault.detail for fault in caught.value.faults}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"x",
        b"\xff\xfe",
        b'{"a":1}x',
        b"NaN",
        b"1e999",
        b'"\\ud800"',
        b"[" * 100_000,
        b'{"a":' * 33 + b"1" + b"}" * 33,
        b"[" * 100 + b"]" * 100,
        b'{"a": 1, "a": ' + b"9" * 5000 + b"}",
        b'{"a": ' + b"[" * 900 + b"]" * 900 + b', "a": ' + b"[" * 900 + b"]" * 900 + b"}",
    ],
)
def test_not_json(body: bytes) -> None:
    """A document that is not JSON, or nested too deeply, is malformed."""
    with pytest.raises(Malformed) as caught:
        decode_json(body)
    assert caught.value.faults[0].pointer == ""


def test_all_faults_are_named() -> None:
    """One answer names missing, unknown, mistyped and out-of-range fields."""
    document = {
        "owner": 7,
        "no/such~field": 1,
        "legs": [{"account": "A", "amount": 10**10}, {"amount": 1.5}, 3, {"account": "ä", "amount": 1, "x": None}],
    }
    assert set(pointers(document, NewTransfer)) == {
        "/owner",
        "/no~1such~0field",
        "/legs/0/amount",
        "/legs/1/account",
        "/legs/1/amount",
        "/legs/2",
        "/legs/3/account",
        "/legs/3/x",
    }


def test_faults_speak_of_json_and_not_of_python() -> None:
    """The message says what to send, and not how it is checked."""
    faults = pointers({"name": " Ada", "email": "ada", "country": 5}, NewPerson)
    assert faults["/email"] == "expected an e-mail address"
    assert (
        faults["/name"]
        == "expected one line of text, without control characters, invisible characters, or blanks at either end"
    )
    assert faults["/country"] == "expected a string or null, got an integer"


@pytest.mark.parametrize("document", [None, [], "x", 3, True])
def test_not_an_object(document: Any) -> None:
    """A body that is not an object is a fault of the whole."""
    assert set(pointers(document, NewPerson)) == {""}


@pytest.mark.parametrize(
    "name", ["", " x", "x ", "a\x00b", "a\nb", "\u007f", "x" * 201, "a\u2028b", "a\u202eb", "\u200b", "\x85"]
)
def test_names(name: str) -> None:
    """Names are trimmed, have one line without control characters, and are not too long."""
    assert "/name" in pointers({"name": name, "email": "a@b.c"}, NewPerson)


def test_emoji_are_text() -> None:
    """A name may hold any printable character."""
    assert check_body({"name": "Ada 🦀", "email": "ada@example.com"}, NewPerson).name == "Ada 🦀"


def test_absent_is_not_null() -> None:
    """A change distinguishes an absent field from null."""
    assert check_body({}, PersonChange).country is msgspec.UNSET
    assert check_body({"country": None}, PersonChange).country is None
    assert "/name" in pointers({"name": None}, PersonChange)


def test_too_many_faults_are_cut() -> None:
    """The answer to a body of nothing but faults is shorter than the body."""
    assert len(pointers({"legs": [{}] * 1000}, NewTransfer)) <= 100


def test_a_long_name_is_cut() -> None:
    """The answer to an unknown field is shorter than the field's name."""
    (pointer,) = pointers({"name": "Ada", "email": "ada@example.com", "~" * 100_000: 1}, NewPerson)
    assert pointer
    assert len(pointer) < 500


class Parameters(Body, frozen=True):
    """A made-up query."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    in_stock: bool | None = None
    since: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


def test_query_parameters() -> None:
    """Numbers and booleans come as text."""
    assert check_query({"limit": ["7"], "in_stock": ["true"]}, Parameters) == Parameters(limit=7, in_stock=True)


@pytest.mark.parametrize("text", ["1", "yes", "TRUE", "null", ""])
def test_booleans(text: str) -> None:
    """A boolean parameter is true or false, as the OpenAPI document says."""
    with pytest.raises(Invalid, match="in_stock: expected true or false"):
        check_query({"in_stock": [text]}, Parameters)


def test_query_faults_are_all_named() -> None:
    """Every faulty parameter is named, including unknown and repeated ones."""
    with pytest.raises(Invalid) as caught:
        check_query({"limit": ["0"], "in_stock": ["maybe"], "nope": ["1", "2"]}, Parameters)
    assert [fault.parameter for fault in caught.value.faults] == ["limit", "in_stock", "nope", "nope"]


@pytest.mark.parametrize("text", ["2010", "2010-01-01", "2010-01-01T00:00:00", "", "now"])
def test_a_time_is_written_out(text: str) -> None:
    """A year is not a time, although it could be read as a timestamp. A time has an offset."""
    with pytest.raises(Invalid):
        check_query({"since": [text]}, Parameters)
    assert check_query({"since": ["2010-01-01T00:00:00Z"]}, Parameters).since


@pytest.mark.parametrize("text", ["null", "1e3", "5.0", "٣", "", " 5", "+5", "0x5"])
def test_a_number_is_written_in_digits(text: str) -> None:
    """Only digits are a number. Above all, "null" does not remove a filter."""
    with pytest.raises(Invalid):
        check_query({"limit": [text]}, Parameters)
