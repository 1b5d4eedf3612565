"""The seconds that tests wait for something to happen: more than any machine needs, however busy it is."""

from collections.abc import Callable

from local.ports import wait_until

PATIENT_SECONDS = 180.0
"""No test passes or fails by this time; it only ends the wait for what will never happen."""

COMMAND_SECONDS = 3600
"""The same for a command that does much: a suite, a benchmark, a tool that reads everything."""


def eventually(is_so: Callable[[], bool]) -> bool:
    """Check again and again until a condition is true. Return whether it ever was."""
    return wait_until(is_so, PATIENT_SECONDS)
