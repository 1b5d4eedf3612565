"""The pauses between attempts: exponential backoff with full jitter.

https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

import random

_MOST_DOUBLINGS = 30  # a float has room for more, and no pause is meant to be that long


def pause_seconds(attempt: int, first: float, longest: float) -> float:
    """How long to wait before the next attempt: at random from 0 on, so that those who wait do not come back together.

    Args:
        attempt: how many attempts have failed: 1, 2 ...
        first: the longest pause in seconds after the first. It doubles with each further one.
        longest: what it never exceeds.
    """
    return random.uniform(0, min(longest, first * 2 ** min(attempt - 1, _MOST_DOUBLINGS)))  # noqa: S311 - no secret
