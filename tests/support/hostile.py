"""Questions that are asked without a pause while other clients are served."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from chalicelib.core.errors import TooCostly
from tests.support.waiting import PATIENT_SECONDS

THREADS = 8


@contextmanager
def asked_without_end(ask: Callable[[random.Random], None]) -> Iterator[None]:
    """Ask in several threads during the block. A question may be too costly. Each thread has to ask at least once."""
    stop = threading.Event()

    def asking(seed: int) -> int:
        asked, choose = 0, random.Random(seed)
        while not stop.is_set():
            with suppress(TooCostly):
                ask(choose)
            asked += 1
        return asked

    with ThreadPoolExecutor(THREADS) as threads:
        hostile = [threads.submit(asking, seed) for seed in range(THREADS)]
        try:
            yield
        finally:
            stop.set()
        assert all(one.result(PATIENT_SECONDS) for one in hostile)
