"""A request and a reply in our own terms, so that nothing but core/http/chalice_adapter.py knows Chalice's."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.core.errors import Malformed, TooLarge, UnsupportedMediaType
from chalicelib.core.ids import ulid
from chalicelib.core.times import iso

MAX_BODY_BYTES = 1 << 20
_CORRELATION_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class Request:
    """One HTTP request.

    Attributes:
        method: upper case.
        route: "/orders/{id}".
        path: what was asked for, percent-encoded, with the stage where there is one: "/prod/orders/ord_1".
        base: "", "/prod" or whatever stands before the route: a stage, or a custom domain's base path.
        path_parameters: decoded.
        query: all values of each parameter.
        headers: by lower-case name.
        body: b"" where there is none.
        authorizer: what the authorizer returned, {} where none ran.
        now: when it came in, UTC.
        correlation_id: the client's X-Correlation-Id, or a new one.
    """

    method: str
    route: str
    path: str
    base: str
    path_parameters: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    body: bytes
    authorizer: Mapping[str, Any]
    now: datetime
    correlation_id: str

    @property
    def at(self) -> str:
        """`now` as ISO 8601 UTC with milliseconds."""
        return iso(self.now)

    def json_body(self) -> bytes:
        """The body, where it may be read as JSON.

        Raises:
            TooLarge, UnsupportedMediaType, Malformed: it is over 1 MiB, not application/json, or absent.
        """
        if len(self.body) > MAX_BODY_BYTES:
            raise TooLarge(f"The body has {len(self.body)} bytes; at most {MAX_BODY_BYTES} are accepted; send less.")
        media_type = self.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if self.body and media_type != "application/json":
            raise UnsupportedMediaType(f"The body is {media_type or 'untyped'}; send 'Content-Type: application/json'.")
        if not self.body.strip():
            raise Malformed("A JSON body is needed and none was sent.")
        return self.body


@dataclass(frozen=True)
class Reply:
    """One HTTP response; the body is text."""

    status: int
    body: str
    headers: Mapping[str, str]


def request_of(event: Mapping[str, Any]) -> Request:
    """The request of an API Gateway proxy event (REST API, payload format 1.0)."""
    context: Mapping[str, Any] = event["requestContext"]
    headers = _headers(event)
    path = context.get("path") or event.get("path") or context["resourcePath"]
    given = headers.get("x-correlation-id", "")
    return Request(
        method=context["httpMethod"],
        route=context["resourcePath"],
        path=path,
        base=_base(path, context["resourcePath"]),
        path_parameters=event.get("pathParameters") or {},
        query=event.get("multiValueQueryStringParameters") or {},
        headers=headers,
        body=_body(event),
        authorizer=context.get("authorizer") or {},
        now=datetime.now(UTC),
        correlation_id=given if _CORRELATION_ID.fullmatch(given) else ulid(),
    )


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    """Headers by lower-case name; the values of one that came several times, joined (RFC 9110, 5.3)."""
    single = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    several = {name.lower(): ", ".join(values) for name, values in (event.get("multiValueHeaders") or {}).items()}
    return {**single, **several}


def _base(path: str, route: str) -> str:
    """What stands in a path before the route."""
    segments = path.rstrip("/").split("/")
    return "/".join(segments[: max(1, len(segments) - route.rstrip("/").count("/"))])


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or b""
    if event.get("isBase64Encoded"):
        from base64 import b64decode

        return b64decode(body)
    return body if isinstance(body, bytes) else str(body).encode("utf-8", "surrogatepass")
