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

# Between the two parts: GET WRITTEN_PATH?<the last answer's "at"> answers {"at": 12, "tables": ["tickets"]} as soon as
# there are records after that, or with no tables after LONGEST_WAIT_SECONDS.
WRITTEN_PATH: Final = "/_tributary/written"
LONGEST_WAIT_SECONDS: Final = 300.0
_RETRY_SECONDS = 1.0


class Notifications:
    """Sets an event of each reader when the stream of its table has new records.

    Args:
        endpoint: the URL of the embedded AWS.

    Attributes:
        connected: whether each write is told. If not, the readers have to poll.
    """

    def __init__(self, endpoint: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=2 * LONGEST_WAIT_SECONDS)
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
        """Wake the readers of what is written, until an answer is not as expected."""
        at = ""
        while not self._stopped.is_set():
            self._connection.request("GET", f"{WRITTEN_PATH}?{at}")
            answer = self._connection.getresponse()
            said = json.loads(answer.read())
            if answer.status != 200:
                return
            if at:
                self._wake(said["tables"])
            else:
                self._wake(self._events)  # what was written before is not known
            at = str(said["at"])
            self.connected = True

    def _wake(self, tables: Iterable[str]) -> None:
        for table in tables:
            for event in self._events.get(table, ()):
                event.set()
