"""Poison: a record that fails by itself, every time that it comes, and would block its shard for ever.

It is known by where an error was raised, not by the error's type. Decoding a record, projecting it, deciding what
follows from it and encoding what is to be written depend on the record alone; `of_the_record` surrounds these steps and
no others. An error of any other step may pass: a driver out of step with its server, a lost connection, no memory. The
record that was at hand then is as good as any.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.core.telemetry.error_text import error_text

OF_THE_PROCESS = (MemoryError, ImportError)
"""What such a step raises for want of memory or of a module of the package, whatever the record."""


class Poisonous(Exception):
    """The records given cannot be handled as they are. Its cause, where there is one, is what was raised."""

    @property
    def reason(self) -> Exception:
        """What was raised of the records, as a person should read it."""
        return self.__cause__ if isinstance(self.__cause__, Exception) else self


@contextmanager
def of_the_record(*others: type[Exception]) -> Iterator[None]:
    """Surround a step that depends on the record alone.

    Args:
        others: errors that say nothing of the record and are raised as they are.

    Raises:
        Poisonous: anything was raised, OF_THE_PROCESS and `others` excepted.
    """
    unchanged: tuple[type[Exception], ...] = (Poisonous, *OF_THE_PROCESS, *others)
    try:
        yield
    except unchanged:
        raise
    except Exception as error:
        raise Poisonous(error_text(error)) from error
