"""A batch's response to the event source mapping, and the time that is left for it."""

import time
from collections.abc import Callable, Sequence
from typing import Any

_UNKNOWN_TIME_LEFT_SECONDS = 60.0
# The pauses between attempts to handle a part of a batch.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 2.0


class GaveUp(Exception):
    """An error that may pass did not pass within the time available."""


class BatchFailed(Exception):
    """The batch has to be delivered again. This does no harm: finished work is recognised and not repeated."""


def batch_response(failed: Sequence[str], *, partial: bool) -> dict[str, Any]:
    """The handler's return value for a batch.

    Args:
        failed: the sequence number from which the batch has to be delivered again; empty if nothing failed.
        partial: whether the mapping understands partial failures (PARTIAL_BATCH=1).

    Returns:
        {"batchItemFailures": [{"itemIdentifier": <sequence number>}]}; the list is empty if nothing failed.

    Raises:
        BatchFailed: something failed, and the mapping would read a returned list as success.
    """
    if failed and not partial:
        raise BatchFailed(f"the batch must be delivered again, from sequence number {failed[0]} at the latest")
    return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in failed]}


def remaining_ms(context: object) -> Callable[[], float]:
    """A function that returns the milliseconds until Lambda ends this call; without a context, one minute from now."""
    end = time.monotonic() + _UNKNOWN_TIME_LEFT_SECONDS
    remaining: Callable[[], float] = getattr(
        context, "get_remaining_time_in_millis", lambda: (end - time.monotonic()) * 1000
    )
    return remaining
