"""One request at a time over one connection; nothing is repeated, and no answer is an answer too."""

import http.client
import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import SplitResult, urlsplit

_TIMEOUT_SECONDS = 35  # longer than API Gateway's 29
NO_ANSWER = "no-answer"
TROUBLE = (OSError, http.client.HTTPException)  # refused, reset, timed out, or an answer cut short


class CannotGoOn(Exception):
    """Nothing more can be done: the server stays away, or refuses the token. Run again later."""


class TimedResponse(NamedTuple):
    """What came back.

    Attributes:
        status: 0 where nothing came.
        headers: by lower-case name.
        body: parsed; of a problem, the problem.
        seconds: it took.
    """

    status: int
    headers: Mapping[str, str] = {}
    body: Any = None
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether it is a success."""
        return 200 <= self.status < 300

    @property
    def problem(self) -> str:
        """The last part of the problem's type; "" of a success."""
        if self.good:
            return ""
        kind = self.body.get("type", "") if isinstance(self.body, dict) else ""
        return str(kind).rpartition(":")[2] or (f"status-{self.status}" if self.status else NO_ANSWER)


class Sends(Protocol):
    """What the crews need of a client."""

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TimedResponse:
        """Send one request; header_names become Header-Names."""


class LoadClient:
    """Sends requests, one after the other; not for several threads.

    Args:
        url: where the API is.
        token: a JWT.

    Raises:
        CannotGoOn: that is no URL.
    """

    def __init__(self, url: str, token: str) -> None:
        parts = checked_url(url)
        self._base = parts.path.rstrip("/")
        self._connection = connection_to(parts, _TIMEOUT_SECONDS)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TimedResponse:
        """See `Sends`."""
        raw = None if body is None else json.dumps(body).encode()
        given = {**self._headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        begun = time.perf_counter()
        try:
            self._connection.request(method, self._base + path, raw, given)
            response = self._connection.getresponse()
            content = response.read()
        except TROUBLE:
            self._connection.close()  # it connects anew by itself
            return TimedResponse(0, seconds=time.perf_counter() - begun)
        seconds = time.perf_counter() - begun
        named = {name.lower(): value for name, value in response.getheaders()}
        return TimedResponse(response.status, named, _parsed(content), seconds)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()


def _parsed(content: bytes) -> Any:
    """The body; a gateway's HTML page is none."""
    try:
        return json.loads(content)
    except ValueError:
        return None


def checked_url(url: str) -> SplitResult:
    """The parts of an API's address.

    Raises:
        CannotGoOn: it is none.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CannotGoOn(f"{url!r} is no address of an API; it looks like http://localhost:8000")
    return parts


def connection_to(url: SplitResult, timeout: float) -> http.client.HTTPConnection:
    """A connection to an API, made with its first request; `timeout` in seconds is for each step of one."""
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    return kind(url.hostname or "", url.port, timeout=timeout)
