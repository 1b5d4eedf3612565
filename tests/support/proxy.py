"""A TCP proxy to one server at a time, which can fail in the ways in which networks and proxies fail."""

import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from urllib.parse import urlsplit

from tests.support.waiting import PATIENT_SECONDS

_BLOCK = 1 << 16
_HEADER = 4  # the header of a MySQL packet: its length in three bytes, and its sequence number
GARBLED: Mapping[str, Callable[[bytes], bytes]] = MappingProxyType(
    {
        "another packet's number": lambda data: data[:3] + bytes([(data[3] + 7) % 256]) + data[_HEADER:],
        "the wish for a file": lambda data: b"\x01\x00\x00" + data[3:_HEADER] + b"\xfb",
        "a length that ends too soon": lambda data: b"\x01\x00\x00" + data[3:_HEADER] + b"\xfc",
    }
)
"""What a garbled answer of MySQL holds in place of its first packet; PyMySQL has an error without a number for each."""
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no seconds: a close sends a reset, as after a host's crash


class Proxy:
    """A proxy that listens on a port of 127.0.0.1 and carries every connection to the server.

    Args:
        port: the server's port on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._lock = threading.Lock()
        self._open: set[_Carried] = set()
        self._flowing = threading.Event()
        self._flowing.set()
        self._budget: tuple[bool, int] | None = None
        self._garble: tuple[str, int] | None = None
        self.cuts = 0
        self.port = 0
        self.accept()

    def accept(self) -> None:
        """Listen, at the beginning and after `refuse`."""
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=512)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def refuse(self) -> None:
        """Stop listening, and reset all connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in accept()
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Reset all connections. New ones are carried as before."""
        with self._lock:
            carried = list(self._open)
        for each in carried:
            each.reset()

    def hang(self) -> None:
        """Keep all connections and carry nothing, as a host that has stopped."""
        self._flowing.clear()

    def go_on(self) -> None:
        """Carry data again, including the data that was held back."""
        self._flowing.set()

    def switch(self, port: int) -> None:
        """Carry new connections to another server, as after a change in DNS. Existing ones stay."""
        self._target = port

    def cut_after(self, count: int, *, answers: bool = False) -> None:
        """Reset, once, the connection that carries the next so many bytes of requests or answers."""
        with self._lock:
            self._budget = (answers, count)

    def garble(self, how: str, number: int) -> None:
        """Garble, once, a whole answer of a MySQL server.

        Args:
            how: one of GARBLED.
            number: the number of the answer from now on, beginning at 0.
        """
        self._garble = how, number

    @property
    def garbled(self) -> bool:
        """Return whether the answer that `garble` named came and was garbled."""
        return self._garble is None

    def close(self) -> None:
        """Stop listening and close all connections."""
        self.go_on()
        self.refuse()

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        self._flowing.wait()
        try:
            server = socket.create_connection(("127.0.0.1", self._target), timeout=PATIENT_SECONDS)
        except OSError:
            _reset(client)
            return
        server.settimeout(None)
        carried = _Carried(client, server)
        with self._lock:
            self._open.add(carried)
        back = threading.Thread(target=self._carry, args=(carried, server, client, True), daemon=True)
        back.start()
        self._carry(carried, client, server, False)
        back.join()
        with self._lock:
            self._open.discard(carried)
        client.close()
        server.close()

    def _carry(self, carried: "_Carried", source: socket.socket, target: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(_BLOCK):
                self._flowing.wait()
                data = carried.answer(data, self._garbled) if answers else carried.question(data)
                allowed = self._allowed(len(data), answers)
                target.sendall(data[:allowed])
                if allowed < len(data):
                    carried.reset()
                    return
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def _garbled(self, answer: bytes) -> bytes:
        """Return an answer as the proxy is to carry it."""
        with self._lock:
            if self._garble is None:
                return answer
            how, left = self._garble
            self._garble = (how, left - 1) if left else None
            return answer if left else GARBLED[how](answer)

    def _allowed(self, count: int, answers: bool) -> int:
        """Return how many of these bytes pass before the next cut."""
        with self._lock:
            if self._budget is None or self._budget[0] is not answers:
                return count
            left = self._budget[1]
            if count < left:
                self._budget = (answers, left - count)
                return count
            self._budget = None
            self.cuts += 1
            return min(left, count - 1)


class _Carried:
    """A connection: its two sockets."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self._sockets = (client, server)
        self._asked = False

    def question(self, data: bytes) -> bytes:
        """Carry the client's data. The server's next bytes begin an answer."""
        self._asked = True
        return data

    def answer(self, data: bytes, garbled: Callable[[bytes], bytes]) -> bytes:
        """Carry the server's data, garbled if this answer is to be. A short answer comes in one piece."""
        asked, self._asked = self._asked, False
        return garbled(data) if asked else data

    def reset(self) -> None:
        """Reset the connection on both sides, whichever thread waits for it."""
        for each in self._sockets:
            _reset(each)


def _reset(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)  # wakes a thread that reads from it
    with suppress(OSError):
        connection.close()


def port_of(url: str) -> int:
    """Return the port in a URL."""
    port = urlsplit(url).port
    assert port
    return port


def through(proxy: Proxy, url: str) -> str:
    """Return the same URL through the proxy."""
    parts = urlsplit(url)
    assert parts.hostname in ("127.0.0.1", "localhost"), "the proxy is for servers of this machine"
    return parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{proxy.port}".lstrip("@")).geturl()
