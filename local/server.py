"""The API on a port of this machine, in place of API Gateway and Lambda: `python -m local.server`."""

import os
import re
import signal
import socket
import sys
import threading
import time
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPMethod, HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
from chalice.app import Chalice

from chalicelib.core.errors import Forbidden, Internal, Malformed, Problem, TooLarge
from chalicelib.core.http.request import MAX_BODY_BYTES
from local import tokens
from local.functions import load_handler
from local.gateway import Gateway, GatewayResponse, compressed, problem_answer
from local.hosts import is_own
from local.output import keep_going
from local.template import Template

GATEWAY_MAX_BODY_BYTES = 10 * 1024 * 1024  # API Gateway's limit; the app's own is lower, and the one to tell
_MAX_CHUNK_LINE = 1024


class Server(ThreadingHTTPServer):
    """An HTTP server with one thread for each connection. It keeps connections open between requests.

    Args:
        app: the Chalice app.
        port: the port on 127.0.0.1; 0 takes a free one.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 2048  # several hundred clients may knock at once

    def __init__(self, app: Chalice, port: int) -> None:
        self.gateway = Gateway(app)
        super().__init__(("127.0.0.1", port), RequestHandler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log an error that ended a connection, unless the client went away."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            traceback.print_exc()


class RequestHandler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # of a request that names none: http.server's answer would have no status
    server_version = "Tributary"
    sys_version = ""
    timeout = 75  # seconds that an idle connection is kept
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one packet

    def __getattr__(self, name: str) -> Any:
        """Handle every method in one place, which knows the methods of each path."""
        if name.startswith("do_"):
            return self._handle
        raise AttributeError(name)

    def parse_request(self) -> bool:
        """Refuse HTTP/0.9 as well, whose answers have no status, so that nobody would know what was changed."""
        if not super().parse_request():
            return False
        if self.request_version == "HTTP/0.9":
            self.request_version = self.default_request_version
            self.send_error(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "Invalid HTTP version (0.9)")
            return False
        return True

    def _handle(self) -> None:
        try:
            self._check_host()
            body = self._read_body()
        except Problem as problem:
            self._refuse(problem)
            return
        try:
            method = "GET" if self.command == "HEAD" else self.command
            headers = {name.lower(): self.headers.get_all(name, []) for name in self.headers}
            if self.path.partition("?")[0] == tokens.PATH:
                answer = _token_answer(method, headers, body)
            else:
                answer = self.server.gateway.answer(method, self.path, headers, body)
            answer = compressed(answer, headers)
        except Exception:
            traceback.print_exc()
            answer = problem_answer(Internal("The API's log has the details."))
        self._send(answer)

    def _check_host(self) -> None:
        """Refuse a page whose own host name resolves to this machine (DNS rebinding); see local/hosts.py.

        Raises:
            Forbidden: the request names another host, several, or none.
        """
        hosts = self.headers.get_all("host", [])
        if len(hosts) != 1 or not is_own(hosts[0]):
            raise Forbidden(f"This is a local stack; call it http://localhost:{self.server.server_port}.")

    def _read_body(self) -> bytes:
        """Read the whole body.

        Raises:
            Malformed: the body's length is not clear.
            TooLarge: the body exceeds the limit.
            ConnectionError: the client went away before the body's end.
        """
        if self.headers.get("transfer-encoding", "").lower() == "chunked" and "content-length" not in self.headers:
            return self._read_chunks()
        length = self._content_length()
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionResetError("the body ended early")
        return body

    def _content_length(self) -> int:
        lengths = set(self.headers.get_all("content-length", ["0"]))
        text = lengths.pop()
        if lengths or "transfer-encoding" in self.headers or not (text.isascii() and text.isdigit()):
            raise Malformed("The length of the body is not clear. Send one Content-Length, in bytes.")
        if len(text) > 18 or int(text) > GATEWAY_MAX_BODY_BYTES:
            raise _too_large(text[:18])
        return int(text)

    def _read_chunks(self) -> bytes:
        """Read a chunked body (RFC 9112, section 7.1)."""
        body = bytearray()
        while True:
            size = self.rfile.readline(_MAX_CHUNK_LINE).partition(b";")[0].strip()
            if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", size):
                raise Malformed("The chunked body cannot be read.")
            length = int(size, 16)
            if len(body) + length > GATEWAY_MAX_BODY_BYTES:
                raise _too_large(f"over {GATEWAY_MAX_BODY_BYTES}")
            if length == 0:
                while self.rfile.readline(_MAX_CHUNK_LINE).strip():
                    pass  # trailers
                return bytes(body)
            body += self.rfile.read(length)
            self.rfile.readline(_MAX_CHUNK_LINE)

    def handle_expect_100(self) -> bool:
        """Answer "100 Continue" only if the body will be accepted."""
        try:
            self._content_length()
        except TooLarge as problem:
            self._refuse(problem)
            return False
        except Malformed:
            pass  # perhaps chunked; _read_body judges
        return super().handle_expect_100()

    def _refuse(self, problem: Problem) -> None:
        """Answer without reading the body, and close the connection in a way that lets the client see the answer."""
        self.close_connection = True
        self._send(problem_answer(problem))
        self.wfile.flush()
        # Closing with unread bytes resets the connection, and the client would lose the answer. So read and drop what
        # it still sends, for a short time.
        with suppress(OSError):  # the client is gone, so that there is nothing to shut down
            self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(1)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and self.connection.recv(1 << 16):
            pass

    def _send(self, answer: GatewayResponse) -> None:
        self._log(answer)
        bodiless = answer.status in (204, 304)
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if not bodiless:
            self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if not bodiless and self.command != "HEAD":
            self.wfile.write(answer.body)

    def _log(self, answer: GatewayResponse) -> None:
        """Write a line of the access log. It holds nothing that a client can write freely: no path, query or header."""
        method = self.command if self.command in HTTPMethod.__members__ else "-"
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z"
        # print would write the end of the line by itself.
        sys.stdout.write(f"{now} {method} {answer.route} {answer.status} {len(answer.body)}\n")

    def log_message(self, *_: Any) -> None:
        """Do nothing: http.server's own lines would quote the client. `_log` writes ours."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that http.server itself refuses because it is not valid HTTP."""
        problem = Malformed(f"This is not an HTTP request that can be read: {message or explain}.")
        problem.status = 400 if code < 400 or code == 501 else code
        self.close_connection = True
        self._send(problem_answer(problem))


def _token_answer(method: str, headers: dict[str, list[str]], body: bytes) -> GatewayResponse:
    """What the one route answers that is the local stack's own, outside of the app."""
    try:
        text = msgspec.json.encode(tokens.answer(method, headers, body))
    except Problem as problem:
        return problem_answer(problem)
    return GatewayResponse(
        200, [("Content-Type", "application/json"), ("Cache-Control", "no-store")], text, tokens.PATH
    )


def _too_large(size: str) -> TooLarge:
    return TooLarge(f"The body has {size} bytes; at most {MAX_BODY_BYTES} are accepted. Send less.")


def main() -> None:
    """Serve the app until SIGTERM."""
    keep_going()
    (name,) = Template.from_env().handlers("Api")
    app: Chalice = load_handler(name)
    server = Server(app, int(os.environ["API_PORT"]))
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever(poll_interval=0.1)
    server.server_close()


if __name__ == "__main__":
    main()
