"""API Gateway's events, as requests of our own."""

from typing import Any

import pytest

from chalicelib.core.http.endpoint import wait_seconds
from chalicelib.core.http.request import request_of


def event(path: str, route: str, **changes: Any) -> dict[str, Any]:
    """An event of the proxy integration."""
    context = {"httpMethod": "GET", "resourcePath": route, "path": path, "stage": "prod"}
    return {"requestContext": context, "headers": None, "body": None, **changes}


@pytest.mark.parametrize(
    ("path", "route", "base"),
    [
        ("/orders", "/orders", ""),
        ("/orders/", "/orders", ""),
        ("/prod/orders/ord_1", "/orders/{id}", "/prod"),
        ("/shop/v1/orders/ord_1/timeline", "/orders/{id}/timeline", "/shop/v1"),
        ("/orders/orders", "/orders", "/orders"),
        ("/orders/a%2Fb", "/orders/{id}", ""),
    ],
)
def test_base(path: str, route: str, base: str) -> None:
    """What stands before the route starts our links: a stage or a custom domain's base path."""
    assert request_of(event(path, route)).base == base


def test_headers_that_come_several_times() -> None:
    """Their values are joined, and names are lower-case."""
    both = {"Consistency-Token": "b", "Accept": "x"}
    request = request_of(
        event("/orders", "/orders", headers=both, multiValueHeaders={"Consistency-Token": ["a", "b"], "Accept": ["x"]})
    )
    assert (request.headers["consistency-token"], request.headers["accept"]) == ("a, b", "x")


def test_body_in_base64() -> None:
    """A gateway that takes the body for binary sends it encoded."""
    assert request_of(event("/", "/", body="e30=", isBase64Encoded=True)).body == b"{}"


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
    ],
)
def test_prefer(prefer: str | None, seconds: float) -> None:
    """`Prefer: wait=N` is bounded; what is no such preference is ignored (RFC 7240)."""
    assert wait_seconds(prefer) == seconds
