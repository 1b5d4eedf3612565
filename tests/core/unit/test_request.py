"""API Gateway's events, converted to our own requests."""

import re
from typing import Any

import pytest

from chalicelib.core.errors import Malformed
from chalicelib.core.http.endpoint import wait_seconds
from chalicelib.core.http.request import Request, correlation_id_of, headers_of, request_of


def event(path: str, route: str, **changes: Any) -> dict[str, Any]:
    """Return an event of the proxy integration."""
    context = {"httpMethod": "GET", "resourcePath": route, "path": path, "stage": "prod"}
    return {"requestContext": context, "headers": None, "body": None, **changes}


def request(path: str, route: str, **changes: Any) -> Request:
    """Return the request in such an event."""
    made = event(path, route, **changes)
    return request_of(made, headers_of(made), "c")


@pytest.mark.parametrize(
    ("path", "route", "base"),
    [
        ("/transfers", "/transfers", ""),
        ("/transfers/", "/transfers", ""),
        ("/prod/transfers/tra_1", "/transfers/{id}", "/prod"),
        ("/base/v1/transfers/tra_1/timeline", "/transfers/{id}/timeline", "/base/v1"),
        ("/transfers/transfers", "/transfers", "/transfers"),
        ("/transfers/a%2Fb", "/transfers/{id}", ""),
    ],
)
def test_base(path: str, route: str, base: str) -> None:
    """Our links begin with the part before the route: a stage or a custom domain's base path."""
    assert request(path, route).base == base


def test_headers_that_come_several_times() -> None:
    """Values of repeated headers are joined, and names are lower-case."""
    both = {"Consistency-Token": "b", "Accept": "x"}
    several = {"Consistency-Token": ["a", "b"], "Accept": ["x"]}
    headers = request("/things", "/things", headers=both, multiValueHeaders=several).headers
    assert (headers["consistency-token"], headers["accept"]) == ("a, b", "x")


def test_body_in_base64() -> None:
    """A gateway that takes the body for binary data encodes it."""
    assert request("/", "/", body="e30=", isBase64Encoded=True).body == b"{}"


@pytest.mark.parametrize(
    "changes",
    [
        {"body": "abc", "isBase64Encoded": True},
        {"body": "é", "isBase64Encoded": True},
        {"body": '{"name": "\ud800"}'},
        {"pathParameters": {"id": "\ud800"}},
        {"multiValueQueryStringParameters": {"sort": ["\ud800"]}},
        {"multiValueQueryStringParameters": {"\ud800": ["1"]}},
        {"headers": {"If-Match": "\ud800"}},
    ],
)
def test_what_is_no_text(changes: dict[str, Any]) -> None:
    """A body that is not valid base64, or a lone surrogate anywhere, is malformed."""
    with pytest.raises(Malformed):
        request("/orders", "/orders", **changes)


def test_correlation_id() -> None:
    """The client's id is used if it is valid. Otherwise, another is made."""
    assert correlation_id_of({"x-correlation-id": "a-1"}) == "a-1"
    for given in ("", "a b", "x" * 65, "\ud800"):
        assert re.fullmatch("[0-9A-Z]{26}", correlation_id_of({"x-correlation-id": given}))


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        (None, 2),
        ("wait=0", 0),
        ("wait=7", 7),
        ('respond-async, wait = "5"', 5),
        ("WAIT=99999999999", 10),
        ("handling=lenient;wait=7", 2),
        ("wait=7;x=1", 7),
        ("wait=-1", 2),
        ("await=7", 2),
        ('foo="a, wait=0"', 2),
        ('foo="a\\", wait=0", wait=3', 3),
        ("wait=3, wait=5", 3),
        (",,wait=3,", 3),
    ],
)
def test_prefer(prefer: str | None, seconds: float) -> None:
    """`Prefer: wait=N` is limited. Other preferences are ignored (RFC 7240)."""
    assert wait_seconds(prefer) == seconds


@pytest.mark.parametrize(
    "prefer", ['wait="1', "wait=", "wait=\u0663", "=1", "a b", "wait=1;x=", 'wait="\x00"', "é", ";wait=1"]
)
def test_bad_prefer(prefer: str) -> None:
    """An unreadable header is refused, in time that does not grow with the square of its length."""
    for header in (prefer, "a," * 20_000 + prefer):
        with pytest.raises(Malformed):
            wait_seconds(header)
