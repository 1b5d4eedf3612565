"""What the projector and the reactor answer to an event source mapping, how long they have, and how they wait."""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

_UNKNOWN_TIME_LEFT_SECONDS = 60.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.05, 2.0


class GaveUp(Exception):
    """An error that may pass did not pass in the time there was."""


class BatchFailed(Exception):
    """The batch has to come again. Harmless: whatever was done of it is found done."""


def answer(failed: Sequence[str], *, partial: bool) -> dict[str, Any]:
    """What to return of a batch.

    Args:
        failed: the sequence number from which the batch has to come again, or nothing.
        partial: whether the mapping understands partial failures (PARTIAL_BATCH=1).

    Returns:
        {"batchItemFailures": [{"itemIdentifier": <sequence number>}]}: where to begin again, or [].

    Raises:
        BatchFailed: something failed, and the mapping would take the list for success.
    """
    if failed and not partial:
        raise BatchFailed(f"the batch must be delivered again, from sequence number {failed[0]} at the latest")
    return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in failed]}


def remaining_ms(context: object) -> Callable[[], float]:
    """Tells the milliseconds until Lambda ends the function; a minute from now on where nobody says."""
    end = time.monotonic() + _UNKNOWN_TIME_LEFT_SECONDS
    remaining: Callable[[], float] = getattr(
        context, "get_remaining_time_in_millis", lambda: (end - time.monotonic()) * 1000
    )
    return remaining


def pause_seconds(attempt: int) -> float:
    """How long to wait before the next attempt (1, 2 ...): full jitter, doubling from 50 ms, at most 2 s.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** min(attempt, 10))
    return random.uniform(0, longest)  # noqa: S311  (no secret)
