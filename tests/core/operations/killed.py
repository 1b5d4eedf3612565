"""A process that keeps deadlines and kills itself: `python -m tests.core.operations.killed COMMITS before|after`.

The environment names the stores. The process uses the world's present time.
"""

import os
import signal
import sys
from typing import Any

from chalicelib.core.commands.store import Commit, WriteStore
from chalicelib.core.operations.deadlines import keep_deadlines
from chalicelib.core.settings import Settings
from tests.core.bootstrap import PERMISSIONS, SERVICES
from tests.core.operations.world import NOW, Wrapping

COMMITS, BEFORE = int(sys.argv[1]), sys.argv[2] == "before"


class Deadly:
    """A store that kills its process before or after its last commit."""

    left = COMMITS

    def __init__(self, store: WriteStore) -> None:
        self._store = store

    def commit(self, commit: Commit) -> None:
        """See `WriteStore.commit`."""
        Deadly.left -= 1
        if not Deadly.left and BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        self._store.commit(commit)
        if not Deadly.left:
            os.kill(os.getpid(), signal.SIGKILL)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


if __name__ == "__main__":
    runtime = Wrapping(Settings.from_env(), SERVICES, PERMISSIONS, lambda _: {})
    runtime.wrap = Deadly  # type: ignore[method-assign]
    keep_deadlines(runtime, lambda: 60_000, lambda: NOW)
