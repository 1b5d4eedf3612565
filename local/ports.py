"""Ports of this machine: which are free, and the error for one that is not."""

import socket
import time
from collections.abc import Callable

from local import LocalError

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port on which nothing listens at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        # As servers do, so that closing connections of the last run are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def require_free(port: int, variable: str, purpose: str) -> None:
    """Check that a port can be used.

    Raises:
        LocalError: the port is taken. The message names the variable that sets another.
    """
    if not is_free(port):
        raise LocalError(
            f"Port {port}, meant for {purpose}, is taken. Is another Tributary running?"
            f" Stop what uses it, or choose another: make run {variable}={port + 1}"
        )


def answers(port: int) -> bool:
    """Whether a server accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def wait_until(ready: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """Poll until a condition holds or the time is over. Returns whether it holds."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
