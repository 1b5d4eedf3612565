"""What would go on for ever ends by Ctrl-C and by SIGTERM, however it was started."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interruptible() -> Iterator[None]:
    """Have SIGINT and SIGTERM raise KeyboardInterrupt meanwhile, in the main thread.

    A shell without job control starts a job in the background with SIGINT ignored, and Python leaves it ignored.
    """
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
