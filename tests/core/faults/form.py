"""The two forms of these tests: short in CI, long by `make faults` (FAULTS=long)."""

import os
from typing import TypeVar

LONG = os.environ.get("FAULTS") == "long"
T = TypeVar("T", int, float)


def form(short: T, long: T) -> T:
    """Return the number of times, seconds or rows for the form that runs."""
    return long if LONG else short
