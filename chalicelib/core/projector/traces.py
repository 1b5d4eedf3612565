"""Traces that end in the read model: for each commit that carries one, a segment of the projector's.

A transaction writes many commits at once, so the segment of each can be made only when it is over.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.core.streams.records import CommitRecord
from chalicelib.core.telemetry import spans, tracing

SEGMENT = "tributary-projector"
# A chunk's 1,000 commits are one transaction all the same; 100 segments take 10 to 20 ms to make.
MAX_TRACES = 100
_MYSQL = "mysql"


class Traces:
    """The traces of the commits of one service in a part of a batch.

    Args:
        service: its name.
    """

    def __init__(self, service: str) -> None:
        self._service = service
        self._began = time.time()
        self._calls: dict[str, spans.Times] = {}
        self._left = MAX_TRACES

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Wrap a transaction with all its retries. The batch's own trace shows it too."""
        self._calls = {}
        began = time.time()
        with tracing.subsegment(_MYSQL, "remote"):
            yield
        self._calls = {_MYSQL: spans.Times(began, time.time())}

    def done(self, commit: CommitRecord, *, failed: bool) -> None:
        """Tell a commit's trace of it, and of the transaction that was the last.

        Args:
            commit: is done.
            failed: because it was set aside.
        """
        head = commit.head
        if not head.trace or not self._left:
            return
        self._left -= 1
        tracing.report(
            head.trace,
            spans.Done(SEGMENT, spans.Times(self._began, time.time()), self._calls, failed),
            service=self._service,
            aggregate=head.id,
            version=head.version,
            correlation=head.correlation,
        )
