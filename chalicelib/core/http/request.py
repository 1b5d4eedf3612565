"""A request and a reply in our own terms, so that nothing but core/http/chalice_adapter.py knows Chalice's."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.core.errors import Fault, Malformed, TooLarge, UnsupportedMediaType
from chalicelib.core.http.header_syntax import BadHeader, media_type
from chalicelib.core.ids import ulid
from chalicelib.core.times import iso

MAX_BODY_BYTES = 1 << 20
MAX_SHOWN = 100
"""Of a header's value, so that an answer is not as long as the question."""
_CORRELATION_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class Request:
    """One HTTP request.

    Attributes:
        method: upper case.
        route: "/transfers/{id}".
        path: what was asked for, percent-encoded, with the stage where there is one: "/prod/transfers/tra_1".
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
            TooLarge, UnsupportedMediaType, Malformed: it is over 1 MiB, compressed, not application/json in UTF-8, or
                absent.
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
    """Refuse a body that would have to be unpacked first: API Gateway does not, and a bomb is small when it arrives."""
    if any(coding.strip().lower() != "identity" for coding in encoding.split(",")):
        raise UnsupportedMediaType(
            f"Content-Encoding is {encoding[:MAX_SHOWN]!r}. Send the body without a content encoding.",
            headers={"Accept-Encoding": "identity"},
        )


def _require_json(content_type: str) -> None:
    try:
        name, parameters = media_type(content_type)
    except BadHeader:
        name, parameters = content_type, {}
    if name != "application/json":
        raise UnsupportedMediaType(
            f"The body is {name[:MAX_SHOWN] or 'untyped'}; send 'Content-Type: application/json'."
        )
    # JSON between systems is UTF-8 (RFC 8259, 8.1), whatever name it has been given.
    charset = parameters.get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(f"The body's charset is {charset[:MAX_SHOWN]!r}; send UTF-8.")


@dataclass(frozen=True)
class Reply:
    """One HTTP response; the body is text."""

    status: int
    body: str
    headers: Mapping[str, str]


def correlation_id_of(event: Mapping[str, Any]) -> str:
    """The X-Correlation-Id of a request, or a new one where it has none that can be one."""
    given = _headers(event).get("x-correlation-id", "")
    return given if _CORRELATION_ID.fullmatch(given) else ulid()


def request_of(event: Mapping[str, Any], correlation_id: str) -> Request:
    """The request of an API Gateway proxy event (REST API, payload format 1.0).

    Raises:
        Malformed: it holds what no text is: lone surrogates, or a body that is said to be base64 and is not.
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
        headers=_headers(event),
        body=_body(event),
        authorizer=context.get("authorizer") or {},
        now=datetime.now(UTC),
        correlation_id=correlation_id,
    )
    _require_text(request)
    return request


def _require_text(request: Request) -> None:
    """Refuse lone surrogates, which JSON can carry and UTF-8 cannot: nothing behind here could store or answer them."""
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
