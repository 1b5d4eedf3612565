"""When each request is due: evenly spread, whoever takes it."""

import threading
import time
from collections.abc import Iterator


class Pace:
    """Hands out the moments of an even rate; several threads iterate over one.

    A moment that has passed is due at once, so that a server which is slow for a while is asked faster afterwards,
    as far as the clients can. What is not taken by the end is not asked any more: achieved stays below offered.

    Args:
        rate: how many a second.
        seconds: for how long.
        stopped: once it is set, nothing more is due.
    """

    def __init__(self, rate: float, seconds: float, stopped: threading.Event) -> None:
        self.total = round(rate * seconds)
        self._rate = rate
        self._begun = time.monotonic()
        self._end = self._begun + seconds
        self._taken = 0
        self._lock = threading.Lock()
        self._stopped = stopped

    def __iter__(self) -> Iterator[None]:
        while (due := self._next()) is not None:
            if self._stopped.wait(max(0.0, due - time.monotonic())) or time.monotonic() >= self._end:
                return
            yield

    def _next(self) -> float | None:
        with self._lock:
            if self._taken == self.total:
                return None
            self._taken += 1
            return self._begun + (self._taken - 1) / self._rate
