"""A request and a reply as the core sees them. Only core/http/chalice_adapter.py uses Chalice's."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from chalicelib.core.errors import Fault, Malformed, TooLarge, UnsupportedMediaType
from chalicelib.core.http.header_syntax import BadHeader, media_type
from chalicelib.core.ids import ulid
from chalicelib.core.times import iso

MAX_BODY_BYTES = 1 << 20
MAX_SHOWN = 100
"""The longest part of a header's value that an error message repeats."""
_CORRELATION_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Request(msgspec.Struct, frozen=True):
    """One HTTP request.

    Attributes:
        method: the method in upper case.
        route: the route's pattern, such as "/transfers/{id}".
        path: the requested path, percent-encoded, including a stage: "/prod/transfers/tra_1".
        base: the part of the path before the route: "", a stage ("/prod"), or a custom domain's base path.
        path_parameters: decoded values by name.
        query: all values of each parameter.
        headers: values by lower-case name.
        body: b"" if there is none.
        authorizer: the authorizer's context; {} on a public route.
        now: the time of arrival, UTC.
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
        """The body, after checking that it can be read as JSON.

        Raises:
            TooLarge: the body has over 1 MiB.
            UnsupportedMediaType: it is compressed, or not application/json in UTF-8.
            Malformed: there is no body.
        """
        if len(self.body) > MAX_BODY_BYTES:
            raise TooLarge(f"The body has {len(self.body)} bytes; the limit is {MAX_BODY_BYTES}. Send less.")
        if self.body:
            _require_identity(self.headers.get("content-encoding", "identity"))
            _require_json(self.headers.get("content-type", "application/json"))
        if not self.body.strip():
            raise Malformed("The request has no body. Send a JSON body.")
        return self.body


def _require_identity(encoding: str) -> None:
    """Refuse a compressed body. API Gateway does not unpack it, and a small one may unpack to a huge one."""
    if any(coding.strip().lower() != "identity" for coding in encoding.split(",")):
        raise UnsupportedMediaType(
            f"Content-Encoding is {encoding[:MAX_SHOWN]!r}. Send the body without a content encoding.",
            headers={"Accept-Encoding": "identity"},
        )


def _require_json(content_type: str) -> None:
    if content_type == "application/json":  # what almost all clients send
        return
    try:
        name, parameters = media_type(content_type)
    except BadHeader:
        name, parameters = content_type, {}
    if name != "application/json":
        raise UnsupportedMediaType(
            f"The body is {name[:MAX_SHOWN] or 'untyped'}; send 'Content-Type: application/json'."
        )
    # JSON between systems is UTF-8 (RFC 8259, section 8.1). Clients spell its name in two ways.
    charset = parameters.get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(f"The body's charset is {charset[:MAX_SHOWN]!r}; send UTF-8.")


class Reply(msgspec.Struct, frozen=True):
    """An HTTP response. The body is text."""

    status: int
    body: str
    headers: Mapping[str, str]


def headers_of(event: Mapping[str, Any]) -> dict[str, str]:
    """Headers by lower-case name. Several values of one header are joined (RFC 9110, section 5.3)."""
    single = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    several = {name.lower(): ", ".join(values) for name, values in (event.get("multiValueHeaders") or {}).items()}
    return {**single, **several}


def correlation_id_of(headers: Mapping[str, str]) -> str:
    """The X-Correlation-Id of a request, or a new id if it has no valid one."""
    given = headers.get("x-correlation-id", "")
    return given if _CORRELATION_ID.fullmatch(given) else ulid()


def request_of(event: Mapping[str, Any], headers: Mapping[str, str], correlation_id: str) -> Request:
    """The request in an API Gateway proxy event (REST API, payload format 1.0).

    Args:
        event: of the request.
        headers: its headers (`headers_of`).
        correlation_id: see `correlation_id_of`.

    Raises:
        Malformed: the event contains lone surrogates, or its body is declared as base64 and is not.
    """
    context: Mapping[str, Any] = event["requestContext"]
    path = context.get("path") or event.get("path") or context["resourcePath"]
    request = Request(
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
        correlation_id=correlation_id,
    )
    _require_text(request)
    return request


def _require_text(request: Request) -> None:
    """Refuse lone surrogates. JSON can carry them, but UTF-8 cannot, so they could be neither stored nor answered."""
    places = {
        "the path": [request.path, *request.path_parameters.values()],
        "the query string": [text for name, values in request.query.items() for text in (name, *values)],
        "the headers": list(request.headers.values()),
    }
    for place, texts in places.items():
        if not _is_utf8("".join(texts)):
            raise Malformed(f"In {place} is text that is not UTF-8; percent-encode it as UTF-8.")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _base(path: str, route: str) -> str:
    """The part of a path before the route."""
    segments = path.rstrip("/").split("/")
    return "/".join(segments[: max(1, len(segments) - route.rstrip("/").count("/"))])


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            from base64 import b64decode

            return b64decode(body, validate=True)
        return body if isinstance(body, bytes) else str(body).encode()
    except ValueError as error:
        what = "base64" if event.get("isBase64Encoded") else "UTF-8"
        detail = f"not {what}, as it is said to be"
        raise Malformed(f"The body is {detail}; send JSON in UTF-8.", faults=[Fault(detail, pointer="")]) from error
