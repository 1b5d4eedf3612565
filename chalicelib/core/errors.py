"""Every error that a client can see, and the problem (RFC 9457) that it becomes.

    Problem
    ├── Malformed 400            not JSON, a bad cursor, token or header
    ├── Unauthenticated 401
    ├── Forbidden 403
    ├── NotFound 404
    ├── MethodNotAllowed 405
    ├── Conflict 409             wrong state, duplicate, or a race lost too often
    ├── PreconditionFailed 412
    ├── TooLarge 413
    ├── UnsupportedMediaType 415
    ├── Invalid 422              valid JSON, invalid content: all faulty fields
    ├── TooCostly 422            a query that the read model cannot answer within its limit
    ├── TooManyRequests 429
    ├── Internal 500
    └── Unavailable 503          retry later; the outcome may be unknown
        └── ReadModelBehind 503

An error is raised where it is noticed. Only core/http/chalice_adapter.py turns it into an HTTP response.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


def json_pointer(*path: str | int) -> str:
    """A JSON pointer (RFC 6901): "/legs/1/account"; "" for no path."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


class Fault(NamedTuple):
    """One faulty field: where it is and what is wrong with it.

    Attributes:
        detail: what was expected, in one sentence.
        pointer: RFC 6901 JSON pointer into the body ("" is the whole body), or None.
        parameter: name of the query parameter, path parameter or header, or None.
    """

    detail: str
    pointer: str | None = None
    parameter: str | None = None

    def as_json(self) -> dict[str, str]:
        """The fault as JSON, without members that are None."""
        return {name: value for name, value in self._asdict().items() if value is not None}


class Problem(Exception):
    """Base class of all errors that a client can see.

    Args:
        code: the last part of the problem's type, in kebab-case: "read-model-behind".
        detail: what is wrong, where, and what to do next.
        faults: the faulty fields, if there are any.
        headers: further response headers (Retry-After, Allow).
        facts: further members of the problem.
    """

    status = 500
    code = "internal"
    title = "An unexpected error"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.faults = tuple(faults)
        self.headers = dict(headers or {})
        self.facts = dict(facts or {})

    def as_json(self, type: str, instance: str | None = None) -> dict[str, Any]:
        """The problem+json body (RFC 9457, section 3).

        Args:
            type: the URI of the kind of problem.
            instance: the URI of this occurrence.
        """
        body: dict[str, Any] = {
            **self.facts,
            "type": type,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if instance:
            body["instance"] = instance
        if self.faults:
            body["errors"] = [fault.as_json() for fault in self.faults]
        return body


class Malformed(Problem):
    """The request cannot be read at all."""

    status, code, title = 400, "malformed", "The request cannot be read"


class Unauthenticated(Problem):
    """No valid token came with the request."""

    status, code, title = 401, "unauthenticated", "A valid token is needed"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Problem):
    """The token is valid but does not allow this."""

    status, code, title = 403, "forbidden", "Not allowed"


class NotFound(Problem):
    """It does not exist, or was deleted."""

    status, code, title = 404, "not-found", "Not found"


class MethodNotAllowed(Problem):
    """The path exists, but not with this method."""

    status, code, title = 405, "method-not-allowed", "Method not allowed"


class Conflict(Problem):
    """The command does not fit the present state."""

    status, code, title = 409, "conflict", "Conflict with the current state"


class PreconditionFailed(Problem):
    """If-Match names another version."""

    status, code, title = 412, "precondition-failed", "The version does not match"


class TooLarge(Problem):
    """The body, or the item that it would make, exceeds a limit."""

    status, code, title = 413, "too-large", "Too large"


class UnsupportedMediaType(Problem):
    """The body is not application/json."""

    status, code, title = 415, "unsupported-media-type", "Unsupported media type"


class Invalid(Problem):
    """The body is valid JSON with invalid content. `faults` names every faulty field."""

    status, code, title = 422, "invalid", "Some fields are invalid"


class TooCostly(Problem):
    """The query took the read model longer than its limit, and the server has ended it."""

    status, code, title = 422, "too-costly", "Too costly to answer"


class TooManyRequests(Problem):
    """The request was throttled, here or by a store."""

    status, code, title = 429, "too-many-requests", "Too many requests"


class Internal(Problem):
    """An unexpected error. It shows an id to look up in the log, and nothing else."""


class Unavailable(Problem):
    """A store cannot be reached, or an outcome cannot be determined."""

    status, code, title = 503, "unavailable", "Temporarily unavailable"

    def __init__(self, detail: str, *, code: str | None = None, retry_after: int = 1) -> None:
        super().__init__(detail, code=code, headers={"Retry-After": str(retry_after)})


class ReadModelBehind(Unavailable):
    """The read model has not yet reached the version in the Consistency-Token."""

    code, title = "read-model-behind", "The read model is behind"
