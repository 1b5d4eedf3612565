"""What the projector and the reactor answer to an event source mapping, and how long they have."""

from collections.abc import Callable, Sequence
from typing import Any

_UNKNOWN_TIME_LEFT_MS = 60_000


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
        raise BatchFailed(f"the batch has to come again, from sequence number {failed[0]} at the latest")
    return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in failed]}


def remaining_ms(context: Any) -> Callable[[], float]:
    """Tells the milliseconds until Lambda ends the function; a minute where nobody says."""
    remaining: Callable[[], float] = getattr(context, "get_remaining_time_in_millis", lambda: _UNKNOWN_TIME_LEFT_MS)
    return remaining
