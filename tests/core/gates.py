"""Connections that let a test act at a chosen statement: wait there, kill, count."""

import threading
from collections.abc import Callable
from typing import Any

from chalicelib.core.mysql.connections import connect

Hook = Callable[["Gate", str], None]


class Gate:
    """A real connection that calls a hook before each statement. Everything else passes through."""

    def __init__(self, url: str, hook: Hook) -> None:
        self.real: Any = connect(url)
        self._hook = hook

    def query(self, statement: str | bytes) -> Any:
        """Call the hook with the statement's text, then run it."""
        self._hook(self, statement if isinstance(statement, str) else statement.decode())
        return self.real.query(statement)

    def _execute_command(self, command: int, statement: bytes) -> None:
        """Call the hook, then run a statement whose answer is read later (core/mysql/statements.py)."""
        self._hook(self, statement.decode())
        self.real._execute_command(command, statement)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def gated(url: str, hook: Hook) -> Callable[[], Any]:
    """Return a function that opens a connection. All connections share the hook, so that `once` is once in all."""
    return lambda: Gate(url, hook)


def once(start: str, act: Callable[["Gate"], object]) -> Hook:
    """Return a hook that acts the first time that a statement begins like this, on any connection and in any thread."""
    first = threading.Lock()  # taken by whoever acts, and never given back

    def hook(gate: Gate, statement: str) -> None:
        if statement.startswith(start) and first.acquire(blocking=False):
            act(gate)

    return hook
