"""Ports of this machine: which are free, and what to say when one is not."""

import socket
import time
from collections.abc import Callable

from local import LocalError

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        # As servers do, so that connections of the last run which still fade out are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def require_free(port: int, variable: str, purpose: str) -> None:
    """Check that a port can be used.

    Raises:
        LocalError: it is taken; names the variable that chooses another.
    """
    if not is_free(port):
        raise LocalError(
            f"Port {port}, meant for {purpose}, is taken. Is another Tributary running?"
            f" Stop what uses it, or choose another: make run {variable}={port + 1}"
        )


def answers(port: int) -> bool:
    """Whether somebody accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def wait_until(ready: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """Look again and again until something is so, or the time is over. Returns whether it is so."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
