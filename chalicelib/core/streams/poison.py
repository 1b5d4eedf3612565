"""Poison: a record that fails every time it is delivered, and would block its shard for ever.

Poison is recognised by the step that raised an error, not by the error's type. Four steps depend on the record alone:
decoding it, projecting it, deciding what follows from it, and encoding what is to be written. `of_the_record` surrounds
these steps and no others. An error in any other step may pass: a lost connection, a driver that is out of step with its
server, a lack of memory. It says nothing about the record that was being handled.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.core.telemetry.error_text import error_text

OF_THE_PROCESS = (MemoryError, ImportError)
"""What such a step raises for want of memory or of a module of the package, whatever the record."""


class Poisonous(Exception):
    """These records cannot be handled as they are. The cause, if there is one, is the original error."""

    @property
    def reason(self) -> Exception:
        """The reason in words, for a log line or a dead letter."""
        return self.__cause__ if isinstance(self.__cause__, Exception) else self


@contextmanager
def of_the_record(*others: type[Exception]) -> Iterator[None]:
    """Surround a step that depends on the record alone.

    Args:
        others: errors that say nothing about the record. They are raised unchanged.

    Raises:
        Poisonous: the step raised any other error, except one of OF_THE_PROCESS.
    """
    unchanged: tuple[type[Exception], ...] = (Poisonous, *OF_THE_PROCESS, *others)
    try:
        yield
    except unchanged:
        raise
    except Exception as error:
        raise Poisonous(error_text(error)) from error
