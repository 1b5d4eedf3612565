"""Commands that read whole tables are more patient than a command of the API."""

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from chalicelib.core.runtime import CLIENT_CONFIG
from ops.environment import patient_dynamodb
from ops.verify.sides import Items

THROTTLED = b'{"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}'


class Slow(BaseHTTPRequestHandler):
    """A server that throttles as often as a command's client tries, and then takes longer than that would wait."""

    protocol_version = "HTTP/1.1"
    throttle = 0

    def do_POST(self) -> None:
        """Answer a scan."""
        self.rfile.read(int(self.headers["content-length"]))
        if Slow.throttle:
            Slow.throttle -= 1
            self.answer(400, THROTTLED)
        else:
            time.sleep(CLIENT_CONFIG["read_timeout"] + 0.5)
            self.answer(200, b'{"Items": [{"id": {"S": "tra_1"}}]}')

    def answer(self, status: int, body: bytes) -> None:
        """Send the answer."""
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    """The server's address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    Slow.throttle = CLIENT_CONFIG["retries"]["total_max_attempts"]
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_scan_bears_slow_pages_and_throttling(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rebuild of hours is not given up because of temporary errors."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "eu-west-1")
    pages = Items(patient_dynamodb(), "transfers", lambda _: True).pages(0, 1)
    assert [([item["id"]["S"] for items in parts for item in items], at) for parts, at in pages] == [(["tra_1"], None)]
