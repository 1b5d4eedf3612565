"""What a domain adds to a load."""

import random
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from local.load.commanding import Commander

_MOST_READY = 200
MOST_LISTED = 200
"""The longest page that there is."""


class Shown(NamedTuple):
    """Where an aggregate is shown.

    Attributes:
        path: of the aggregate alone.
        has_version: whether the version shown there is the aggregate's own.
        list: the path of a page of MOST_LISTED items, the newest first, that has the aggregate with its version and
            that others never leave; "" for none.
    """

    path: str
    has_version: bool = True
    list: str = ""


class Mix(Protocol):
    """A domain's commands and lists. All threads of a load share one.

    Attributes:
        lists: paths of lists to ask for, each as often as any other.
    """

    lists: Sequence[str]

    def is_open(self) -> bool:
        """Whether there is enough for the load to begin."""

    def open(self, commander: "Commander") -> None:
        """One command towards that."""

    def act(self, commander: "Commander") -> None:
        """One command of the load, right whatever happened before it, or one that comes too late by chance."""

    def shown(self, service: str, answer: Mapping[str, Any]) -> Shown:
        """Where an aggregate is shown, by the answer to one of its commands."""

    def listed(self, path: str, items: Sequence[Mapping[str, Any]]) -> None:
        """Note what one of the lists showed, such as what can be gone on with."""


Act = Callable[["Commander"], object]
"""Sends one command."""


class Draw:
    """Draws what to do next.

    Args:
        main: the act that a load is about.
        percent: how many of 100 commands it is.
        others: what the rest is, each with its weight among them.
    """

    def __init__(self, main: Act, percent: float, others: Mapping[Act, float]) -> None:
        rest = (100 - percent) / sum(others.values())
        self._acts = [main, *others]
        self._weights = [percent, *(weight * rest for weight in others.values())]

    def __call__(self, chance: random.Random) -> Act:
        """The next act."""
        (act,) = chance.choices(self._acts, self._weights)
        return act


class Ready:
    """Ids of aggregates that were seen to be ready for their next step; for all threads of a load."""

    def __init__(self) -> None:
        self._ids: deque[str] = deque(maxlen=_MOST_READY)
        self._lock = threading.Lock()

    def note(self, ids: Iterable[str]) -> None:
        """These are ready, as a list shows."""
        with self._lock:
            self._ids += [id for id in ids if id not in self._ids]

    def take(self) -> str | None:
        """One that no other thread gets; None if there is none."""
        with self._lock:
            return self._ids.popleft() if self._ids else None
