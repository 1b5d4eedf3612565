"""A replacement for X-Ray's daemon: a socket that keeps what the SDK's own emitter sends."""

import json
import socket
from collections.abc import Iterator, Mapping
from typing import Any

Entity = Mapping[str, Any]
_HEADER = b'{"format":"json","version":1}\n'
_END = b"end"


class Daemon:
    """A UDP socket on loopback. `address` is the value for AWS_XRAY_DAEMON_ADDRESS."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(30)  # a limit, in case the end mark is lost
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def documents(self) -> list[Entity]:
        """Return the segments and subsegments since the last call, each as it was sent."""
        self._socket.sendto(_END, self._socket.getsockname())  # after everything that was sent before
        found = []
        while (datagram := self._socket.recvfrom(1 << 16)[0]) != _END:
            header, _, document = datagram.partition(b"\n")
            assert header + b"\n" == _HEADER
            found.append(json.loads(document))
        return found

    def close(self) -> None:
        """Free the port."""
        self._socket.close()


def below(entity: Entity) -> Iterator[Entity]:
    """Yield an entity and all entities within it, each with its parent's id and its trace's id."""
    yield entity
    for child in entity.get("subsegments", ()):
        yield from below({"parent_id": entity["id"], "trace_id": entity["trace_id"], **child})


def named(documents: list[Entity], name: str) -> Entity:
    """Return the only entity of that name, wherever it is."""
    (found,) = [entity for document in documents for entity in below(document) if entity["name"] == name]
    return found
