"""A simple client of the HTTP API. Each thread has one connection. A command is sent once."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.support.waiting import PATIENT_SECONDS


@dataclass(frozen=True)
class Answer:
    """A response. Its headers have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        """The last part of the problem's type."""
        assert self.headers["content-type"] == "application/problem+json", self
        return str(self.json["type"]).rpartition(":")[2]

    @property
    def pointers(self) -> list[str]:
        """The pointers to the faulty fields."""
        return [fault.get("pointer", fault.get("parameter")) for fault in self.json.get("errors", [])]


def ok(answer: Answer, status: int = 200) -> Any:
    """Return the body of a command's answer, which has to be a success with everything that the contract promises."""
    assert answer.status == status, answer
    body = answer.json
    assert answer.headers["etag"] == f'"{body["version"]}"'
    assert answer.headers["consistency-token"]
    assert answer.headers["content-type"] == "application/json"
    assert ("location" in answer.headers) == (status == 201)
    return body


def patiently(ask: Callable[[], Answer]) -> Answer:
    """Return the first answer that is not 503. Repeat the request as Retry-After says."""
    deadline = time.monotonic() + PATIENT_SECONDS
    while (answer := ask()).status == 503:
        assert time.monotonic() < deadline, answer
        time.sleep(0.2)
    return answer


@dataclass
class Client:
    """A client that sends requests with one token, or none."""

    url: str
    token: str | None = None
    _local: threading.local = field(default_factory=threading.local, repr=False)

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send one request. A dict or list is sent as JSON, bytes as they are. header_names become Header-Names."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            given.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None:
            given.setdefault("Content-Type", "application/json")
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection = self._connection()
        try:
            connection.request(method, path, raw, given)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        except (http.client.HTTPException, OSError):
            connection.close()
            raise

    def get(self, path: str, _query: Mapping[str, Any] | None = None, **headers: str) -> Answer:
        """GET with a query string. Repeat it while the answer is 503, as Retry-After says, unless Prefer is given."""
        path = f"{path}?{urlencode(_query)}" if _query else path
        if "Prefer" in headers:
            return self.request("GET", path, **headers)
        return patiently(lambda: self.request("GET", path, **headers))

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a POST."""
        return self.request("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a PATCH."""
        return self.request("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        """Send a DELETE."""
        return self.request("DELETE", path, **headers)

    def all_pages(self, path: str, **query: Any) -> list[Any]:
        """Yield every item of a list, page by page."""
        items: list[Any] = []
        following: str | None = f"{path}?{urlencode(query)}" if query else path
        while following:
            answer = self.get(following)
            assert answer.status == 200, answer
            items += answer.json["items"]
            following = answer.json["next"]
        return items

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self._local, "connection"):
            parts = urlsplit(self.url)
            assert parts.hostname
            self._local.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENT_SECONDS)
        connection: http.client.HTTPConnection = self._local.connection
        return connection
