"""Time-ordered ids: ULIDs (https://github.com/ulid/spec), prefixed by the kind of aggregate.

The maintained library for ULIDs costs 68 ms of cold start, so these few lines replace it (docs/dependencies.md).
"""

import os
import time

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(at_ms: int | None = None) -> str:
    """26 characters from 48 bits of Unix milliseconds and 80 random bits. As text it sorts by time."""
    milliseconds = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    number = milliseconds << 80 | int.from_bytes(os.urandom(10), "big")
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def new_id(prefix: str) -> str:
    """A new id such as "tra_01JD2Q8N3XW7GK5T0V9M4R6B1C"."""
    return f"{prefix}_{ulid()}"
