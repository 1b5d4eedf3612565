"""A client of the API over one keep-alive HTTP connection. It retries while a server is busy or away.

It uses http.client of the standard library: a worker has one connection and sends one request at a time, so a
pool would add nothing.
"""

import json
import random
import threading
import time
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from local.load.client import TROUBLE, CannotGoOn, checked_url, connection_to

_AGAIN = frozenset({429, 502, 503, 504})
_LOST_RACE = "conflict"  # the end of the problem's type
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0
_TIMEOUT_SECONDS = 30


class RunStopped(CannotGoOn):
    """The run was told to stop while a request waited for its next attempt."""


class FinalResponse(NamedTuple):
    """A final response: its status and its JSON body."""

    status: int
    body: Mapping[str, Any]

    @property
    def code(self) -> str:
        """The last part of a problem's type, such as "duplicate"; "" for a success."""
        return str(self.body.get("type", "")).rpartition(":")[2]

    @property
    def subject(self) -> str:
        """The id of the item that was made or that existed before."""
        return str(self.body.get("id") or self.body["existing"])

    def told(self, what: str) -> str:
        """A refusal as a sentence, with the faults that the API names."""
        faults = "; ".join(f"{fault.get('pointer', '')}: {fault['detail']}" for fault in self.body.get("errors", []))
        return f"{what}: {self.status} {self.body.get('detail', '')} {faults}".rstrip()


class CommandClient:
    """A client that sends commands one after the other. It is not for several threads.

    Args:
        url: the API's address: "http://localhost:8000".
        token: a JWT.
        patience: the seconds after which a request without a final answer is given up.
        stopping: an event that ends the wait between attempts.
    """

    def __init__(self, url: str, token: str, patience: float, stopping: threading.Event) -> None:
        self._url = checked_url(url)
        self._patience = patience
        self._stopping = stopping
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._connection = connection_to(self._url, _TIMEOUT_SECONDS)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> FinalResponse:
        """POST until there is a final answer. All attempts carry one Idempotency-Key, so a lost answer is given again.

        Args:
            path: such as "/orders".
            body: the body to send as JSON.

        Raises:
            CannotGoOn: no final answer came in time, or the token is refused.
        """
        headers = {**self._headers, "Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        return self._persist("POST", path, json.dumps(body or {}).encode(), headers)

    def get(self, path: str) -> FinalResponse:
        """GET until there is a final answer.

        Raises:
            CannotGoOn: no final answer came in time, or the token is refused.
        """
        return self._persist("GET", path, None, self._headers)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _persist(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> FinalResponse:
        give_up = time.monotonic() + self._patience
        pause = _FIRST_PAUSE
        while True:
            try:
                answer, retry_after = self._once(method, path, body, headers)
                if answer.status in (401, 403):
                    raise CannotGoOn(f"{method} {path}: {answer.status}, {answer.body.get('detail', 'no access')}")
                if answer.status not in _AGAIN and not str(answer.body.get("type")).endswith(_LOST_RACE):
                    return answer
                trouble = f"{answer.status} {answer.body.get('detail', '')}"
            except TROUBLE as error:
                self._connection.close()  # it reconnects by itself
                trouble, retry_after = f"{type(error).__name__}: {error}", 0.0
            if time.monotonic() > give_up:
                raise CannotGoOn(f"{method} {path}: no answer within {self._patience:.0f} s; the last was {trouble}")
            self._wait(max(retry_after, random.uniform(0, pause)))
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _once(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[FinalResponse, float]:
        """Send one request. Return the response, and the seconds that the server asks the client to wait."""
        self._connection.request(method, self._url.path.rstrip("/") + path, body, dict(headers))
        response = self._connection.getresponse()
        content = response.read()
        after = response.headers.get("Retry-After", "")
        wait = min(float(after), _LONGEST_PAUSE) if after.isdigit() else 0.0
        return FinalResponse(response.status, _json_object(content)), wait

    def _wait(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise RunStopped("stopped while waiting for the server")


def _json_object(content: bytes) -> Mapping[str, Any]:
    """Return the body as an object. A gateway's HTML page becomes a detail."""
    try:
        body = json.loads(content)
    except ValueError:
        return {"detail": content[:200].decode("utf-8", "replace")}
    return body if isinstance(body, dict) else {"detail": str(body)[:200]}
