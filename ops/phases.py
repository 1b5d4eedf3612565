"""The phases of a long run, and how they report progress. ops/progress.py shows it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol


class Advance(Protocol):
    """Reports that further items are done. Several threads may call it at once."""

    def __call__(self, count: int = 1, /) -> None:
        """Add `count` completed items."""


Phase = Callable[[str, int | None], AbstractContextManager[Advance]]
"""(what, how many there are; None where nobody knows) -> around the phase's work."""
