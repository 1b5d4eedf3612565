"""Show progress: bars on a terminal, a line from time to time anywhere else."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

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


@contextmanager
def _lines(what: str, total: int | None) -> Iterator[Advance]:
    begun = told = time.monotonic()
    done = 0
    lock = threading.Lock()

    def tell() -> None:
        rate = done / max(time.monotonic() - begun, 0.001)
        of = "" if total is None else f" of {total:,}"
        print(f"{what}: {done:,}{of}, {rate:,.0f} a second", file=sys.stderr, flush=True)

    def advance(count: int = 1) -> None:
        nonlocal done, told
        with lock:
            done += count
            if time.monotonic() - told > _SECONDS_BETWEEN_LINES:
                told = time.monotonic()
                tell()

    yield advance
    tell()
