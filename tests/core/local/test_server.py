"""The replacement for API Gateway, over real sockets, in front of a small app."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

import pytest
from chalice.app import AuthRequest, AuthResponse, Chalice, Response

from chalicelib.core.composition_root import VARIABLE
from local.gateway import GatewayResponse, KeptAnswers
from local.server import GATEWAY_MAX_BODY_BYTES, MAX_BODY_BYTES, RequestHandler, Server
from tests.support.client import Client
from tests.support.domain import NEUTRAL
from tests.support.waiting import PATIENT_SECONDS, eventually


def small_app() -> Chalice:
    """Return an app that shows what reaches it."""
    app = Chalice(app_name="small")

    @app.authorizer()
    def authorize(request: AuthRequest) -> AuthResponse:
        if request.token == "broken":
            raise RuntimeError("out of order")
        if request.token != "good":
            raise PermissionError("Unauthorized")
        return AuthResponse(routes=["*"], principal_id="ada", context={"role": "staff"})

    @app.route("/echo/{name}", methods=["GET", "POST"], content_types=["*/*"])
    def echo(name: str) -> Any:
        request: Any = app.current_request
        return {
            "name": name,
            "query": {key: request.query_params.getlist(key) for key in request.query_params or {}},
            "body": request.raw_body.decode(),
            "header": request.headers.get("x-given"),
        }

    @app.route("/echo/fixed")
    def fixed() -> Any:
        return {"name": "fixed route"}

    @app.route("/private", authorizer=authorize)
    def private() -> Any:
        request: Any = app.current_request
        return request.context["authorizer"]

    @app.route("/empty/{status}")
    def empty(status: str) -> Any:
        return Response("", status_code=int(status), headers={"Set-Cookie": ["a=1", "b=2"]})

    return app


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Yield the URL of a server in front of the small app. Problems have the neutral domain's names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, NEUTRAL.composition_root)
        server = Server(small_app(), 0)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()


@pytest.fixture
def client(url: str) -> Client:
    """Return a client without a token."""
    return Client(url)


def raw(url: str, request: bytes) -> bytes:
    """Return the server's answer to these bytes, until it closes the connection."""
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=PATIENT_SECONDS) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while received := connection.recv(65536):
            answer += received
    return answer


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/echo/plain", "plain"),
        ("/echo/a%2Fb", "a/b"),
        ("/echo/%C3%A9%20%F0%9F%8E%89", "é 🎉"),
        ("/echo/claim%23x", "claim#x"),
        ("/echo/a%00b", "a\0b"),
        ("/echo/100%", "100%"),
        ("/echo/a+b", "a+b"),
        ("/echo/slash/", "slash"),
        ("/echo/fixed", "fixed route"),
    ],
)
def test_path_parameters_are_decoded(client: Client, path: str, name: str) -> None:
    """A path parameter arrives percent-decoded, once. A literal route has priority over a parameter."""
    assert client.get(path).json["name"] == name


def test_query_keeps_all_values(client: Client) -> None:
    """Repeated and empty query parameters arrive."""
    assert client.get("/echo/x?a=1&a=%26&b=").json["query"] == {"a": ["1", "&"], "b": [""]}


@pytest.mark.parametrize("path", ["/nothing", "/echo", "/echo/a/b", "/echo/", "//", "/echo//"])
def test_unknown_route(client: Client, path: str) -> None:
    """A path without a route is a 404 problem."""
    answer = client.get(path)
    assert (answer.status, answer.problem) == (404, "not-found")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "BREW"])
def test_wrong_method(client: Client, method: str) -> None:
    """A method that the path does not have is a 405 problem with the allowed methods."""
    answer = client.request(method, "/echo/x")
    assert (answer.status, answer.problem) == (405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "bad"}])
def test_no_or_bad_token(client: Client, headers: dict[str, str]) -> None:
    """A refusal of the gateway and the authorizer's "Unauthorized" are both a 401 problem."""
    answer = client.request("GET", "/private", **headers)
    assert (answer.status, answer.problem) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_good_token_hands_over_the_context(client: Client) -> None:
    """The authorizer's result reaches the view."""
    assert client.get("/private", Authorization="good").json == {"role": "staff", "principalId": "ada"}


def test_authorizer_is_asked_again_when_its_time_is_over() -> None:
    """An answer to a token is kept for the authorizer's TTL, and a refusal is not kept."""
    asked: list[str] = []
    now = [100.0]

    def ask(request: AuthRequest) -> AuthResponse:
        asked.append(request.token)
        if request.token == "bad":
            raise PermissionError("Unauthorized")
        return AuthResponse(routes=["*"], principal_id=request.token, context={"role": "staff"})

    kept = KeptAnswers(ask, 60, lambda: now[0])
    ada, bob, bad = (AuthRequest("TOKEN", token, "arn") for token in ("ada", "bob", "bad"))
    for request in (ada, bob, ada):
        answer = kept(request)
        assert (answer.principal_id, answer.context) == (request.token, {"role": "staff"})
        answer.context["principalId"] = "changed"
    for _ in range(2):
        with pytest.raises(PermissionError):
            kept(bad)
    now[0] += 59.9
    kept(ada)
    assert asked == ["ada", "bob", "bad", "bad"]
    now[0] += 0.1
    kept(ada)
    assert asked[4:] == ["ada"]


def test_broken_authorizer_is_a_500_that_tells_nothing(client: Client) -> None:
    """Any other exception of the authorizer is a 500 without a stack trace."""
    answer = client.get("/private", Authorization="broken")
    assert (answer.status, answer.problem) == (500, "internal")
    assert b"out of order" not in answer.body


def test_body_at_the_limit_arrives(client: Client) -> None:
    """A body of 10 MiB, API Gateway's limit, is accepted."""
    assert len(client.post("/echo/x", b"x" * GATEWAY_MAX_BODY_BYTES).json["body"]) == GATEWAY_MAX_BODY_BYTES


@pytest.mark.parametrize("size", [GATEWAY_MAX_BODY_BYTES + 1, 3 * GATEWAY_MAX_BODY_BYTES])
def test_body_over_the_limit(client: Client, size: int) -> None:
    """A larger body is a 413 problem with the app's limit. The client sees it although it was still sending."""
    answer = client.post("/echo/x", b"x" * size)
    assert (answer.status, answer.problem) == (413, "too-large")
    assert f"at most {MAX_BODY_BYTES} are accepted" in answer.json["detail"]
    assert client.get("/echo/after").status == 200


def test_length_that_is_never_sent_is_refused_at_once(url: str) -> None:
    """A length of a terabyte is refused before a byte of it is read."""
    answer = raw(url, b"POST /echo/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1099511627776\r\n\r\n")
    assert b" 413 " in answer.splitlines()[0]


def test_expected_body_over_the_limit_is_not_invited(url: str) -> None:
    """`Expect: 100-continue` with too large a body gets a 413 instead of an invitation."""
    head = b"POST /echo/x HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 20000000\r\n\r\n"
    assert raw(url, head).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "header",
    ["Content-Length: abc", "Content-Length: -1", "Content-Length: 1\r\nContent-Length: 2", "Content-Length: \u0661",
     "Content-Length: 3\r\nTransfer-Encoding: chunked", "Transfer-Encoding: gzip"],
)  # fmt: skip
def test_body_without_a_clear_end(url: str, header: str) -> None:
    """If the end of the body is not clear, the request is malformed and the connection ends."""
    answer = raw(url, f"POST /echo/x HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\nabc".encode())
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer


def test_chunked_body(client: Client) -> None:
    """A body of unknown length arrives whole."""
    connection = HTTPConnection(client.url.removeprefix("http://"))
    connection.request("POST", "/echo/x", iter([b"abc", b"def" * 1000]), encode_chunked=True)
    assert json.loads(connection.getresponse().read())["body"] == "abc" + "def" * 1000
    connection.request("GET", "/echo/again")
    assert connection.getresponse().status == 200


@pytest.mark.parametrize("chunks", [b"zz\r\nabc\r\n0\r\n\r\n", b"-1\r\n\r\n", b"FFFFFFF\r\n", b"\r\n"])
def test_bad_chunks(url: str, chunks: bytes) -> None:
    """Chunks that are invalid or too many are refused."""
    answer = raw(url, b"POST /echo/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 "))


@pytest.mark.parametrize(
    "request_", [b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n"]
)
def test_what_is_not_http(url: str, request_: bytes) -> None:
    """Bytes that are not HTTP are answered with a problem, and not with a page of HTML."""
    answer = raw(url, request_)
    assert b"urn:accounts:problem:malformed" in answer


def test_head_has_the_headers_of_get_alone(client: Client) -> None:
    """HEAD answers as GET without a body, and the connection can be used on."""
    head, get = client.request("HEAD", "/echo/x"), client.get("/echo/x")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body(client: Client, status: int) -> None:
    """204 and 304 have no body and no length, and the connection can be used on."""
    answer = client.get(f"/empty/{status}")
    assert (answer.status, answer.body) == (status, b"")
    assert "content-length" not in answer.headers
    assert client.get("/echo/x").status == 200


def test_headers_with_several_values(url: str) -> None:
    """A header with two values is sent twice."""
    answer = raw(url, b"GET /empty/200 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer.count(b"Set-Cookie: ") == 2


def test_text_that_is_not_utf8_is_no_error_of_ours(client: Client) -> None:
    """Bytes that are not UTF-8 reach the view as API Gateway would pass them."""
    assert client.post("/echo/x", b"\xff\xfe").json["body"] == "\ufffd\ufffd"


def test_clients_that_reset_or_leave_do_no_harm(client: Client, url: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Connections that are reset in the middle of a request neither stop the server nor log tracebacks."""
    for request in (
        b"",
        b"GET /ec",
        b"POST /echo/x HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc",
        b"GET /echo/x HTTP/1.1\r\n\r\n",
    ):
        for _ in range(10):
            connection = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
            connection.sendall(request)
            reset(connection)
    assert client.get("/echo/x").status == 200
    assert "Traceback" not in capfd.readouterr().err


def reset(connection: socket.socket) -> None:
    """End a connection as a killed client does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.usefixtures("url")  # names the composition root
def test_a_refused_client_that_resets(capfd: pytest.CaptureFixture[str]) -> None:
    """A client that is gone between its refusal and the connection's end causes no traceback in the log either."""
    gone = threading.Event()

    class ResetMeanwhile(RequestHandler):
        """A handler that goes on once the client has reset the connection."""

        def _send(self, answer: GatewayResponse) -> None:
            super()._send(answer)
            self.wfile.flush()
            closed = 7  # one of the kernel's states of TCP
            state = lambda: self.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]  # noqa: E731
            assert eventually(lambda: state() == closed)

    class Resetting(Server):
        """A server that reports the end of a connection."""

        def shutdown_request(self, request: Any) -> None:
            super().shutdown_request(request)
            gone.set()

    server = Resetting(small_app(), 0)
    server.RequestHandlerClass = ResetMeanwhile
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    connection = socket.create_connection(("127.0.0.1", server.server_port))
    connection.sendall(b"GET /echo/x HTTP/1.1\r\n\r\n")  # without a Host
    assert connection.recv(100)
    reset(connection)
    assert gone.wait(PATIENT_SECONDS)
    server.shutdown()
    server.server_close()
    assert "Traceback" not in capfd.readouterr().err


def test_access_log_holds_nothing_of_the_client(client: Client, url: str, capfd: pytest.CaptureFixture[str]) -> None:
    """A request's log line has time, method, route, status and bytes, and nothing that a client may choose."""
    client.get("/echo/secret-name?q=secret-query", X_Given="secret-header", User_Agent="secret-agent")
    client.get("/secret-path")
    client.request("SECRET", "/echo/x")
    raw(url, b"GET /\x1b]0;secret HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    raw(url, b"secret-line\r\n\r\n")
    out, err = capfd.readouterr()
    lines = [line.split(" ", 1) for line in out.splitlines()]
    assert [line.rsplit(" ", 1)[0] for _, line in lines] == [
        "GET /echo/{name} 200", "GET - 404", "- /echo/{name} 405", "GET - 404", "- - 400"
    ]  # fmt: skip
    assert "secret" not in out + err


def test_many_clients_at_once_lose_no_connection(url: str) -> None:
    """Each of 300 clients that connect at the same moment gets its own answer."""
    barrier = threading.Barrier(300)

    def ask(number: int) -> bool:
        client = Client(url)
        barrier.wait()
        return all(client.get(f"/echo/{number}", X_Given=str(number)).json["header"] == str(number) for _ in range(3))

    with ThreadPoolExecutor(300) as threads:
        assert all(threads.map(ask, range(300)))
