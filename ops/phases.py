"""The phases of a long run, and how each tells how far it is; ops/progress.py shows them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol


class Advance(Protocol):
    """Tells that so many more are done; safe to call from many threads."""

    def __call__(self, count: int = 1, /) -> None:
        """Go on by `count`."""


Phase = Callable[[str, int | None], AbstractContextManager[Advance]]
"""(what, how many there are; None where nobody knows) -> around the phase's work."""
