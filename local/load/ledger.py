"""What was acknowledged to a load, and what it was shown."""

import random
import threading
from collections import deque
from typing import NamedTuple

from local.load.mix import Shown

_RECENT = 200


class AcknowledgedCommit(NamedTuple):
    """A commit that was acknowledged.

    Attributes:
        token: its Consistency-Token.
        shown: where its aggregate is shown.
    """

    service: str
    id: str
    version: int
    token: str
    shown: Shown


class Ledger:
    """Notes of all threads; safe to use from many."""

    def __init__(self) -> None:
        self._newest: dict[tuple[str, str], AcknowledgedCommit] = {}
        self._recent: deque[AcknowledgedCommit] = deque(maxlen=_RECENT)
        self._most_shown: dict[str, int] = {}
        self._lock = threading.Lock()

    def acknowledge(self, commit: AcknowledgedCommit) -> None:
        """Note a commit that was acknowledged."""
        key = (commit.service, commit.id)
        with self._lock:
            if key not in self._newest or self._newest[key].version < commit.version:
                self._newest[key] = commit
            self._recent.append(commit)

    def version(self, service: str, id: str) -> int:
        """The newest version of an aggregate that was acknowledged so far; 0 for none."""
        with self._lock:
            found = self._newest.get((service, id))
            return found.version if found else 0

    def recent(self, chance: random.Random) -> AcknowledgedCommit | None:
        """One of the last commits."""
        with self._lock:
            return chance.choice(self._recent) if self._recent else None

    def newest(self, count: int) -> list[AcknowledgedCommit]:
        """The newest commit of each of the aggregates that were made last."""
        with self._lock:
            return list(self._newest.values())[-count:]

    def most_shown(self, path: str) -> int:
        """The most that a path ever showed: a version, or a number of items."""
        with self._lock:
            return self._most_shown.get(path, 0)

    def show(self, path: str, much: int) -> None:
        """Note how much a path showed."""
        with self._lock:
            self._most_shown[path] = max(self._most_shown.get(path, 0), much)
