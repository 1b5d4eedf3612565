"""The retries of the client, against a server that answers as each test says."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from demo.http import CommandClient, RunStopped
from local.load.client import CannotGoOn
from local.ports import free_port

DROP: tuple[int, dict[str, Any]] = (0, {})
"""Close the connection without an answer."""


class Script(ThreadingHTTPServer):
    """A server that gives the answers of a list, one for each request, and keeps the requests."""

    def __init__(self, answers: list[tuple[int, dict[str, Any]]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.connections = 0

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.server_port}"

    def keys(self) -> list[str | None]:
        """The Idempotency-Key of each request."""
        return [headers.get("Idempotency-Key") for _, headers, _ in self.asked]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Script

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.path, dict(self.headers.items()), body))
        status, answer = self.server.answers.pop(0)
        if not status:
            self.close_connection = True
            return
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if status == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


@contextmanager
def script(*answers: tuple[int, dict[str, Any]]) -> Iterator[Script]:
    """Yield a server with those answers."""
    server = Script(list(answers))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def client(url: str, patience: float = 30, stopping: threading.Event | None = None) -> CommandClient:
    """Return a client of that server."""
    return CommandClient(url, "the-token", patience, stopping or threading.Event())


def test_a_command_and_its_answer() -> None:
    """A command has the token, a key and the JSON body. All commands use one connection."""
    with script((201, {"id": "cus_1"}), (200, {})) as server:
        sender = client(server.url)
        assert sender.post("/customers", {"name": "é"}) == (201, {"id": "cus_1"})
        sender.post("/orders", {})
        path, headers, body = server.asked[0]
        assert (path, json.loads(body)) == ("/customers", {"name": "é"})
        assert headers["Authorization"] == "Bearer the-token"
        first, second = server.keys()
        assert first
        assert second
        assert first != second
        assert server.connections == 1


@pytest.mark.parametrize(
    "trouble",
    [
        (503, {"detail": "busy"}),
        (502, {}),
        (504, {}),
        (409, {"type": "urn:tributary:problem:conflict"}),
        DROP,
    ],
    ids=["unavailable", "bad gateway", "gateway timeout", "lost race", "connection lost"],
)
def test_trouble_that_passes_is_tried_again_under_the_same_key(trouble: tuple[int, dict[str, Any]]) -> None:
    """A retry has the same key, so that a command whose answer was lost happens once."""
    with script(trouble, trouble, (201, {"id": "cus_1"})) as server:
        assert client(server.url).post("/customers", {}).status == 201
        assert len(server.asked) == 3
        assert len(set(server.keys())) == 1


def test_being_asked_to_wait() -> None:
    """After 429 with Retry-After, the client tries again, but not at once."""
    with script((429, {}), (200, {})) as server:
        stopping = threading.Event()
        waits: list[float] = []
        stopping.wait = waits.append  # type: ignore[assignment]  # how long it would have waited
        assert client(server.url, stopping=stopping).post("/customers").status == 200
        assert waits == [1.0]


def test_two_commands_have_two_keys() -> None:
    """Two commands have two keys, even if they are equal."""
    with script((201, {}), (201, {})) as server:
        sender = client(server.url)
        sender.post("/customers", {})
        sender.post("/customers", {})
        assert len(set(server.keys())) == 2


@pytest.mark.parametrize("status", [400, 404, 409, 412, 422, 500])
def test_other_answers_are_final(status: int) -> None:
    """Other answers are not retried: they would be the same again, or, for 500, a person should look into them."""
    with script((status, {"type": "urn:tributary:problem:duplicate", "existing": "x"})) as server:
        answer = client(server.url).post("/customers", {})
        assert (answer.status, answer.code) == (status, "duplicate")


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_ends_the_run(status: int) -> None:
    """A refused token ends the run, since no other request would succeed either."""
    with script((status, {"detail": "expired"})) as server, pytest.raises(CannotGoOn, match="expired"):
        client(server.url).post("/customers", {})


def test_a_server_that_stays_away_ends_the_run() -> None:
    """The message says what was tried, for how long, and the last error."""
    with pytest.raises(CannotGoOn, match=r"POST /customers: no answer within 0 s; the last was ConnectionRefused"):
        client(f"http://127.0.0.1:{free_port()}", patience=0).post("/customers", {})


def test_stopping_ends_the_wait() -> None:
    """A request that waits for its next attempt gives up when the run stops."""
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(RunStopped):
        client(f"http://127.0.0.1:{free_port()}", stopping=stopping).post("/customers", {})


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://localhost", "http://"])
def test_an_address_that_is_none(url: str) -> None:
    """An invalid address is reported before anything is tried."""
    with pytest.raises(CannotGoOn, match="is no address"):
        client(url)
