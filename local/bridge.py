"""The stack's ports on Docker's bridge, for the containers of `sam local` on Linux.

The stack listens only on 127.0.0.1, and `sam` ignores --docker-network host (aws-sam-cli issue 669). Docker Desktop
forwards host.docker.internal to the host's loopback. On Linux that name is the bridge's address, so something has to
listen there. Only this machine and its containers can reach that address.
"""

import fcntl
import socket
import socketserver
import struct
import threading
from collections.abc import Sequence
from contextlib import suppress

_SIOCGIFADDR = 0x8915  # netdevice(7)
_BLOCK = 1 << 16


def bridge_address(interface: str = "docker0") -> str | None:
    """The address of Docker's bridge on this machine; None if there is no bridge."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, struct.pack("256s", interface.encode()))
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])


class _Forward(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False


class _Connection(socketserver.BaseRequestHandler):
    server: _Forward

    def handle(self) -> None:
        """Copy bytes in both directions until both have ended."""
        try:
            inner = socket.create_connection(("127.0.0.1", self.server.server_address[1]), timeout=5)
        except OSError:
            return  # the container sees its connection end
        inner.settimeout(None)
        with inner:
            back = threading.Thread(target=_carry, args=(inner, self.request), daemon=True)
            back.start()
            _carry(self.request, inner)
            back.join()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_BLOCK):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def forward(ports: Sequence[int], address: str | None = None) -> list[int]:
    """Listen on the bridge at these ports and forward to 127.0.0.1, in threads that end with the process.

    Args:
        ports: the stack's ports.
        address: the bridge's address, by default `bridge_address()`. Without a bridge nothing is done.

    Returns:
        The forwarded ports. A port that is taken on the bridge is left out.
    """
    address = address or bridge_address()
    served = []
    for port in ports if address else ():
        with suppress(OSError):
            server = _Forward((str(address), port), _Connection)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            served.append(port)
    return served
