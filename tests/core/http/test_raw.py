"""Raw HTTP on the API's own socket: no bytes cause a fault, a hang, or a write without its answer."""

import itertools
import re
import socket
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.core.domain.roles import CHIEF
from tests.core.things import unique
from tests.support.client import Client
from tests.support.stack import Stack
from tests.support.waiting import PATIENT_SECONDS

pytestmark = pytest.mark.slow
# A status line is at the beginning, or after a body, which is JSON.
_STATUS = re.compile(rb"(?:^|[}\n])HTTP/1\.[01] (\d{3}) ")
NOT_SUPPORTED = 505  # the version of HTTP in http.server's own answers
_numbers = itertools.count(1)

BYTES = st.binary(max_size=12)
TOKENS = st.sampled_from(
    [b"GET", b"POST", b"PATCH", b"DELETE", b"HEAD", b"OPTIONS", b"CONNECT", b"TRACE", b"post", b""]
)
TARGETS = st.sampled_from(
    [
        *(b"/accounts", b"/accounts/", b"//accounts", b"/accounts?limit=1", b"/accounts?q=%", b"/accounts?q=%ff%00"),
        *(b"/accounts/%2e%2e/%2e%2e", b"/accounts/%00", b"/accounts/%c0%af", b"/accounts/\xff", b"*", b"", b"?", b"#"),
        *(b"http://localhost/accounts", b"/" + b"a" * 70_000, b"/accounts?" + b"a=b&" * 3000, b"/docs", b"/health"),
    ]
)
VERSIONS = st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.10", b"HTTP/x", b"", b"X"])
FRAMING = st.sampled_from(
    [
        *(
            (b"Content-Length", length)
            for length in (b"0", b"1", b"-1", b"+5", b"5, 5", b"0x5", b"9" * 30, b"\xb2", b" ")
        ),
        *(
            (b"Transfer-Encoding", coding)
            for coding in (b"chunked", b"CHUNKED", b"gzip, chunked", b"identity", b"\xff")
        ),
        *((b"Expect", what) for what in (b"100-continue", b"200-ok")),
        *((b"Connection", what) for what in (b"close", b"keep-alive", b"Upgrade, HTTP2-Settings")),
        *((b"Host", host) for host in (b"localhost", b"evil.invalid", b"", b"[::1", b"localhost:99999")),
        *((b"Content-Type", kind) for kind in (b"text/plain", b"application/json; charset=\xff", b";", b"a/b; c=")),
        *((b"Authorization", what) for what in (b"Bearer", b"Bearer ..", b"Basic eDp5", b"Bearer \xff")),
        *((b"Accept-Encoding", what) for what in (b"gzip;q=x", b"\xff", b"," * 500)),
        *((name, b"\xff\x01") for name in (b"If-Match", b"Prefer", b"Idempotency-Key", b"Consistency-Token")),
    ]
)
HEADERS = st.lists(FRAMING | st.tuples(BYTES, BYTES), max_size=4)
CHUNKS = st.lists(
    st.sampled_from([b"5\r\nhello\r\n", b"0\r\n\r\n", b"-1\r\n", b"FFFFFFFF\r\n", b"1;x=y\r\na\r\n", b"z\r\n"])
)


def opening(port: int, token: str) -> tuple[list[bytes], bytes]:
    """Return the lines of the head, and the body, of a request that opens a new account."""
    number = f"{unique()}-{next(_numbers)}"
    body = f'{{"number": "{number}", "name": "Raw {number}"}}'.encode()
    head = [
        b"POST /accounts HTTP/1.1",
        f"Host: localhost:{port}".encode(),
        f"Authorization: Bearer {token}".encode(),
        b"Content-Type: application/json",
        f"Content-Length: {len(body)}".encode(),
    ]
    return head, body


def send(port: int, request: bytes) -> bytes:
    """Return everything that the server sends until it closes the connection. The client has closed its side."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENT_SECONDS) as connection:
        answer = b""
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            while received := connection.recv(1 << 16):
                answer += received
        except (ConnectionResetError, BrokenPipeError):
            pass  # the server has answered, and reads no further
        return answer


def accounts(stack: Stack) -> int:
    """Return the number of accounts."""
    return len([item for item in stack.tables.items("accounts") if "state" in item])


def check(stack: Stack, request: bytes) -> list[int]:
    """Send the request. Check that no answer is a fault, and that each 201 opened an account. Return the statuses."""
    port, before = int(stack.url.rpartition(":")[2]), accounts(stack)
    answer = send(port, request)
    statuses = [int(status) for status in _STATUS.findall(answer)]
    assert [status for status in statuses if status >= 500 and status != NOT_SUPPORTED] == [], (request, answer)
    assert accounts(stack) - before == statuses.count(201), (request, answer)
    return statuses


def joined(head: Sequence[bytes], body: bytes) -> bytes:
    """Return the bytes of a request."""
    return b"\r\n".join(head) + b"\r\n\r\n" + body


LONG = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def raw(stack: Stack) -> tuple[int, str]:
    """Yield the API's port, and the token of somebody who may open accounts."""
    return int(stack.url.rpartition(":")[2]), stack.token(CHIEF)


def test_the_request_that_all_others_are_made_of(stack: Stack, raw: tuple[int, str]) -> None:
    """The unchanged request opens an account. Sent twice on one connection, it opens two."""
    assert check(stack, joined(*opening(*raw))) == [201]
    assert check(stack, joined(*opening(*raw)) + joined(*opening(*raw))) == [201, 201]


@LONG
@given(method=TOKENS | BYTES, target=TARGETS | BYTES, version=VERSIONS, headers=HEADERS)
@example(method=b"POST", target=b"/accounts", version=b"HTTP/0.9", headers=[])
def test_any_head(
    stack: Stack,
    raw: tuple[int, str],
    method: bytes,
    target: bytes,
    version: bytes,
    headers: list[tuple[bytes, bytes]],
) -> None:
    """The head has any request line, and headers that contradict the others."""
    head, body = opening(*raw)
    line = b" ".join([method, target, version])
    check(stack, joined([line, *head[1:], *(name + b": " + value for name, value in headers)], body))


@LONG
@given(headers=HEADERS, chunks=CHUNKS, length=st.booleans())
@example(headers=[(b"Transfer-Encoding", b"chunked")], chunks=[], length=True)
def test_any_framing(
    stack: Stack, raw: tuple[int, str], headers: list[tuple[bytes, bytes]], chunks: list[bytes], length: bool
) -> None:
    """The body's length is given twice, wrongly or not at all, or its chunks are invalid."""
    head, body = opening(*raw)
    kept = head if length else head[:-1]
    check(stack, joined([*kept, *(name + b": " + value for name, value in headers)], b"".join(chunks) or body))


@LONG
@given(data=st.data())
def test_any_byte_wrong(stack: Stack, raw: tuple[int, str], data: st.DataObject) -> None:
    """In a good request, some bytes are inserted, removed, or cut off."""
    request = joined(*opening(*raw))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(request)))
        request = request[:at] + data.draw(BYTES) + request[at + data.draw(st.integers(0, 3)) :]
    check(stack, request[: data.draw(st.integers(0, len(request)) | st.just(len(request)))])


def test_it_serves_on(stack: Stack) -> None:
    """After all of this, the API answers, and has raised no unexpected error."""
    assert Client(stack.url).get("/health").status == 200
    assert "Traceback" not in stack.api.log.read_text(errors="replace")
