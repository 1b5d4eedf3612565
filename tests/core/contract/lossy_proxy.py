"""A proxy for DynamoDB that really loses answers and requests, or delays them."""

import http.client
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.support.waiting import PATIENT_SECONDS

Decide = Callable[[str, int], str]
"""(operation such as "PutItem", how many of them came before) -> "pass", "lose answer", "lose request", "fail" (a
500), "leave one" (of BatchGetItem: answer all but the last key) or the name of an error that DynamoDB refuses with,
such as "ThrottlingException"."""


class LossyProxy:
    """A proxy that forwards requests to DynamoDB, except for what `decide` says.

    Attributes:
        endpoint: the URL for clients.
        before_losing: is called after DynamoDB has answered and before the answer is lost.
    """

    def __init__(self, upstream: str) -> None:
        self.decide: Decide = lambda _operation, _count: "pass"
        self.before_losing: Callable[[], None] = lambda: None
        self.counts: dict[str, int] = {}
        self._upstream = urlsplit(upstream)
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def fate(self, operation: str) -> str:
        """Return what happens to the next request of an operation."""
        with self._lock:
            count = self.counts.get(operation, 0)
            self.counts[operation] = count + 1
        return self.decide(operation, count)

    def forward(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, Any, bytes]:
        """Return DynamoDB's own answer: status, headers, body."""
        assert self._upstream.hostname
        connection = http.client.HTTPConnection(self._upstream.hostname, self._upstream.port, timeout=PATIENT_SECONDS)
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        answer = response.status, response.getheaders(), response.read()
        connection.close()
        return answer


class _Server(ThreadingHTTPServer):
    """A server that knows its proxy."""

    proxy: LossyProxy


class _Handler(BaseHTTPRequestHandler):
    """A connection of a client."""

    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Count the request, and do with it what was decided."""
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._meet(self.server.proxy.fate(operation), body)

    def _meet(self, fate: str, body: bytes) -> None:
        if fate == "lose request":
            return self._hang_up()
        if fate == "fail":
            return self._answer(500, [], b'{"__type":"InternalServerError","message":"made up by a test"}')
        if fate.endswith("Exception"):
            return self._answer(400, [], f'{{"__type":"com.amazonaws.dynamodb.v20120810#{fate}"}}'.encode())
        status, headers, answer = self.server.proxy.forward("POST", self.path, self.headers, body)
        if fate == "leave one":
            return self._answer(status, [], _leave_one(body, answer))
        if fate == "lose answer":
            self.server.proxy.before_losing()
            return self._hang_up()
        return self._answer(status, headers, answer)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _answer(self, status: int, headers: Any, body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


def _leave_one(request: bytes, answer: bytes) -> bytes:
    """Return DynamoDB's answer if the table's throughput is used up before the last key."""
    ((table, wanted),) = json.loads(request)["RequestItems"].items()
    *_, last = wanted["Keys"]
    made = json.loads(answer)
    made["Responses"][table] = [item for item in made["Responses"][table] if item["id"] != last["id"]]
    made["UnprocessedKeys"] = {table: {**wanted, "Keys": [last]}}
    return json.dumps(made).encode()
