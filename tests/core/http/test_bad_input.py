"""Bad input of every kind gets a 4xx that names the place. Nothing is written, and there is never a 500."""

import json
from typing import Any

import pytest

from tests.core.things import account, unique
from tests.support.client import Answer, Client
from tests.support.over_http import Written

DIGITS = int("9" * 38)
BIG = b'{"name": "' + b"x" * (10 * 1024 * 1024) + b'"}'
DEEP = b'{"name": ' * 100 + b"1" + b"}" * 100

NOT_JSON = [b"{", b"name=Ada", b'{"name": "Ada"', b"\xff\xfe", b"NaN", b'{"a": 1e999}', b'{"a":1}{', b'"\\ud800"', DEEP]
NO_OBJECT = [b"null", b"[]", b"true", b"3", b'"text"']


def refused(answer: Answer, *pointers: str, status: int = 422) -> None:
    """Check that the request is refused, with exactly these faults."""
    assert answer.status == status, answer
    assert answer.problem
    assert sorted(answer.pointers) == sorted(pointers), answer.body


@pytest.mark.parametrize("path", ["/accounts", "/accounts/X/deposits", "/transfers"])
@pytest.mark.parametrize("body", NOT_JSON)
def test_not_json(chief: Client, path: str, body: bytes) -> None:
    """A body that is not JSON is malformed, on every route that takes a body."""
    refused(chief.post(path, body), "", status=400)


@pytest.mark.parametrize("path", ["/accounts", "/transfers/tra_1/cancel", "/transfers/tra_1/settle"])
@pytest.mark.parametrize("body", NO_OBJECT)
def test_not_an_object(chief: Client, path: str, body: bytes) -> None:
    """A body that is JSON but not an object is refused, even where none is needed."""
    refused(chief.post(path, body), "")


def test_no_body(chief: Client) -> None:
    """A command that needs a body says so."""
    assert chief.post("/accounts").status == 400


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_other_media_types(chief: Client, media_type: str) -> None:
    """Only application/json is accepted."""
    answer = chief.post("/accounts", {"number": unique(), "name": "Ada"}, Content_Type=media_type)
    assert (answer.status, answer.problem) == (415, "unsupported-media-type")


def test_ten_megabytes(chief: Client) -> None:
    """A body of 10 MB is too large, and the API works afterwards."""
    assert chief.post("/accounts", BIG).status == 413
    account(chief)


@pytest.mark.parametrize(
    "name", ["", " ", " x", "x ", "a\x00b", "a\nb", "\x7f", "x" * 201, 5, None, ["x"], {}, True, 1.5]
)
def test_texts(chief: Client, name: Any) -> None:
    """A name is a trimmed line of text, without NUL bytes and other control characters."""
    refused(chief.post("/accounts", {"number": unique(), "name": name}), "/name")


@pytest.mark.parametrize("amount", [0, -1, -DIGITS, DIGITS, 10**9 + 1, 1.5, 1.0, "100", None, True, 1e30, []])
def test_numbers(chief: Client, amount: Any) -> None:
    """An amount is a whole number within its limits, in a body and in a list within it."""
    refused(chief.post(f"/accounts/{unique()}/deposits", {"amount": amount}), "/amount")
    if amount not in (0, -1, True):
        refused(chief.post("/transfers", {"legs": [{"account": "A", "amount": amount}]}), "/legs/0/amount")


@pytest.mark.parametrize("number", ["", "a b", "ä", "🦀", "a/b", "a#b", "-a", "x" * 65, "a\n", 5])
def test_keys(chief: Client, number: Any) -> None:
    """A key that a client chooses is plain ASCII."""
    refused(chief.post("/accounts", {"number": number, "name": "x"}), "/number")


@pytest.mark.parametrize("number", ["a%20b", "%F0%9F%A6%80", "a%2Fb", "claim%23name%23x", "%00", "x" * 3000])
def test_keys_in_paths(chief: Client, number: str) -> None:
    """Such a path names no item."""
    assert chief.patch(f"/accounts/{number}", {"note": "x"}).status == 404


def test_every_fault_is_named(chief: Client) -> None:
    """All faulty fields are named, not just the first."""
    body = {"name": 3, "number": "", "owner": "a b", "nope": 1, "a/b": 2}
    refused(chief.post("/accounts", body), "/name", "/number", "/owner", "/nope", "/a~1b")
    listed = [{"account": "A", "amount": 1, "note": ""}, {"account": 1}, "x"]
    refused(
        chief.post("/transfers", {"legs": listed, "reference": "🦀"}),
        "/reference",
        "/legs/0/note",
        "/legs/1/account",
        "/legs/1/amount",
        "/legs/2",
    )


@pytest.mark.parametrize("legs", [[], None, {}, "x", [{"account": "A", "amount": 1}] * 201])
def test_lists(chief: Client, legs: Any) -> None:
    """A transfer has 1 to 200 legs."""
    refused(chief.post("/transfers", {"legs": legs}), "/legs")


def test_emoji_where_text_may_be(chief: Client) -> None:
    """Emoji are text: a name keeps them, to the last code point."""
    name = f"Ada 🦀👩‍🚀 Ⅻ {unique()}"
    made = chief.post("/accounts", {"number": unique(), "name": name})
    assert (made.status, made.json["name"]) == (201, name)


@pytest.mark.parametrize("header", [{"If-Match": "3"}, {"If-Match": '"'}, {"Idempotency-Key": "a b"}])
def test_headers(chief: Client, header: dict[str, str]) -> None:
    """A header that cannot be read is refused, and not ignored."""
    id = account(chief)
    answer = chief.request("PATCH", f"/accounts/{id}", {"note": "B"}, **header)
    assert (answer.status, answer.pointers) == (400, list(header))
    assert chief.patch(f"/accounts/{id}", {}).json["version"] == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/accounts", 405),
        ("DELETE", "/transfers", 405),
        ("POST", "/transfers/tra_1/explode", 404),
        ("GET", "/nope", 404),
        ("POST", "/", 405),
        ("PATCH", "/accounts/xyz", 404),
        ("POST", "/transfers/tra_unknown/cancel", 404),
    ],
)
def test_no_such_thing(chief: Client, method: str, path: str, status: int) -> None:
    """Unknown paths, methods and ids are answered with problems too."""
    answer = chief.request(method, path, {})
    assert (answer.status, bool(answer.problem)) == (status, True)
    assert ("allow" in answer.headers) == (status == 405)


def test_nothing_is_written(chief: Client, written: Written) -> None:
    """After many bad requests, the write store is exactly as before."""
    id = account(chief, 10)
    before = written()
    storm: list[tuple[str, str, Any]] = [
        ("POST", "/accounts", {"number": "a b", "name": "x"}),
        ("PATCH", f"/accounts/{id}", {"name": "\x00"}),
        ("POST", f"/accounts/{id}/deposits", {"amount": DIGITS}),
        ("DELETE", f"/accounts/{id}", None),
        ("POST", "/transfers", {"legs": [{"account": id, "amount": 0}, {"account": id, "amount": 1}]}),
        ("POST", "/transfers", {"legs": [{"account": "none", "amount": 1}, {"account": id, "amount": -1}]}),
        ("POST", "/transfers", json.dumps({"legs": []}).encode() + b"x"),
    ]
    for method, path, body in storm:
        for key in ({}, {"Idempotency-Key": unique()}):
            assert 400 <= chief.request(method, path, body, **key).status < 500, (method, path, body)
    assert written() == before
