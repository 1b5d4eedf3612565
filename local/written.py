"""Tell who waits for a table's stream that there are new records, so that nobody has to poll.

DynamoDB has no such notification. The embedded AWS runs in a process of ours, which sees each record as it is written:
`WrittenStreams` is the part there, `Notifications` the part in the pump.
"""

import http.client
import json
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

# Between the two parts: GET WRITTEN_PATH is answered with lines without end. Each is a JSON array of the tables that
# were written since the line before. The first comes at once, and is empty.
WRITTEN_PATH: Final = "/_tributary/written"
_CONNECT_SECONDS = 5.0
_RETRY_SECONDS = 1.0


class Notifications:
    """Sets an event of each reader when the stream of its table has new records.

    Args:
        endpoint: the URL of the embedded AWS.

    Attributes:
        connected: whether each write is told. If not, the readers have to poll.
    """

    def __init__(self, endpoint: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=_CONNECT_SECONDS)
        self._events: dict[str, list[threading.Event]] = {}
        self._stopped = threading.Event()
        self.connected = False

    def event_of(self, table: str) -> threading.Event:
        """An event that is set for each write to the table, and whenever a write may have been missed."""
        event = threading.Event()
        self._events.setdefault(table, []).append(event)
        return event

    def start(self) -> None:
        """Start listening."""
        threading.Thread(target=self._listen, daemon=True).start()

    def stop(self) -> None:
        """Stop listening, and wake all readers."""
        self._stopped.set()
        if connected := self._connection.sock:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)  # ends the other thread's wait for an answer
        self._wake(self._events)

    def _listen(self) -> None:
        while not self._stopped.is_set():
            with suppress(OSError, http.client.HTTPException, ValueError, KeyError):
                self._follow()
            self._connection.close()
            self.connected = False
            self._wake(self._events)
            self._stopped.wait(_RETRY_SECONDS)

    def _follow(self) -> None:
        """Wake the readers of what is written, until the answer ends or is not as expected."""
        self._connection.request("GET", WRITTEN_PATH)
        self._connection.sock.settimeout(None)
        with self._connection.getresponse() as answer:
            if answer.status != 200 or not answer.readline():
                return
            self.connected = True
            self._wake(self._events)  # what was written before is not known
            rest = b""
            while part := answer.read1():  # readline of http.client would take twice the time
                *lines, rest = (rest + part).split(b"\n")
                self._wake({table for line in lines for table in json.loads(line)})

    def _wake(self, tables: Iterable[str]) -> None:
        for table in tables:
            for event in self._events.get(table, ()):
                event.set()
