"""A process that stops itself while it cancels a transfer, after the command's arrival and before its write.

Usage: `python -m tests.core.faults.stopped TRANSFER`. The environment names the stores. It prints its commit's time.
"""

import os
import signal
import sys
from typing import Any

from chalicelib.core.commands import pipeline
from chalicelib.core.commands.store import Commit, WriteStore
from chalicelib.core.runtime import Runtime
from chalicelib.core.settings import Settings
from chalicelib.core.times import iso, utc_now
from tests.core.bootstrap import PERMISSIONS, SERVICES
from tests.core.domain.transfers.commands import Cancel


class Stopping:
    """A store that stops the process before the first commit, until somebody continues it."""

    def __init__(self, store: WriteStore) -> None:
        self._store = store
        self._stop = True

    def commit(self, commit: Commit) -> None:
        """See `WriteStore.commit`."""
        stop, self._stop = self._stop, False
        if stop:
            os.kill(os.getpid(), signal.SIGSTOP)
        self._store.commit(commit)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


if __name__ == "__main__":
    runtime = Runtime(Settings.from_env(), SERVICES, PERMISSIONS, lambda _: {})
    arrived = iso(utc_now())
    envelope = pipeline.Envelope("transfers.cancel", Cancel(), (sys.argv[1],), "usr_1", arrived)
    pipeline.run(SERVICES["transfers"], Stopping(runtime.store("transfers")), envelope, lambda _: {})
    print(arrived)  # noqa: T201 - the test reads it
