"""Show progress: bars on a terminal, a line from time to time anywhere else."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ops.phases import Advance

_SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def phase(what: str, total: int | None) -> Iterator[Advance]:
    """Show the progress of one phase on standard error.

    Args:
        what: the phase's items, such as "transfers".
        total: the number of items; None if it is not known.
    """
    console = Console(stderr=True)
    with _bar(console, what, total) if console.is_terminal else _lines(what, total) as advance:
        yield advance


@contextmanager
def _bar(console: Console, what: str, total: int | None) -> Iterator[Advance]:
    columns = (TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task(what, total=total)

        def advance(count: int = 1) -> None:
            progress.advance(task, count)

        yield advance
        # The number was an estimate; the phase is complete nevertheless.
        progress.update(task, total=progress.tasks[0].completed)


@contextmanager
def _lines(what: str, total: int | None) -> Iterator[Advance]:
    lines = _Lines(what, total)
    yield lines.advance
    lines.end()


class _Lines:
    """What is told where there is no terminal; for many threads."""

    def __init__(self, what: str, total: int | None) -> None:
        self.what = what
        self.total = total
        self._done = 0
        self._begun = self._told = time.monotonic()
        self._lock = threading.Lock()

    def advance(self, count: int = 1) -> None:
        """Add completed items."""
        with self._lock:
            self._done += count
            if time.monotonic() - self._told > _SECONDS_BETWEEN_LINES:
                self._told = time.monotonic()
                self.tell()

    def end(self) -> None:
        """Print the last line. It names no total, which may have been an estimate."""
        self.total = None
        self.tell()

    def tell(self) -> None:
        """Print a line."""
        rate = self._done / max(time.monotonic() - self._begun, 0.001)
        of = left = ""
        if self.total is not None:
            of = f" of {self.total:,}"
            seconds = (self.total - self._done) / rate if rate else 0
            left = f", about {seconds:,.0f} s left" if seconds >= 1 else ""
        print(f"{self.what}: {self._done:,}{of}, {rate:,.0f} a second{left}", file=sys.stderr, flush=True)


class Line(Protocol):
    """The progress of all phases of a run, on one line."""

    def begin(self, what: str, total: int | None = None) -> None:
        """Begin a phase.

        Args:
            what: what is done in it, such as "transfers".
            total: the number of items of the whole run, if it is known from now on.
        """

    def advance(self, count: int = 1, /) -> None:
        """Add completed items; several threads may call it at once."""


@contextmanager
def one_line(what: str) -> Iterator[Line]:
    """Show the progress of a run on one line of standard error, with the time that is left.

    Args:
        what: the first phase.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        told = _ToldLine(what, None)
        yield told
        told.end()
        return
    columns = (TextColumn("{task.description:<16}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        yield _BarLine(progress, what)


class _ToldLine(_Lines):
    def begin(self, what: str, total: int | None = None) -> None:
        """See Line."""
        with self._lock:
            if total is not None and self.total is None:
                self._done, self._begun = 0, time.monotonic()  # what came before is no part of it
            self.what, self.total = what, total or self.total


class _BarLine:
    def __init__(self, progress: Progress, what: str) -> None:
        self._progress = progress
        self._task = progress.add_task(what, total=None)

    def begin(self, what: str, total: int | None = None) -> None:
        """See Line."""
        if total is not None and self._progress.tasks[0].total is None:
            self._progress.reset(self._task)
        self._progress.update(self._task, description=what, total=total)  # None leaves the number as it is

    def advance(self, count: int = 1, /) -> None:
        """See Line."""
        self._progress.advance(self._task, count)
