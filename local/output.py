"""Standard output and error that a full disk does not break.

The parts of the stack write their logs to files. Where a line cannot be written, it is the line that is lost, never the
answer, the record or the thread at whose end it stands.
"""

import io
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Lossy(io.RawIOBase):
    """A stream that takes everything and passes on what it can."""

    def __init__(self, number: int) -> None:
        self._file = io.FileIO(number, "w", closefd=False)

    def writable(self) -> bool:
        """It is there to be written to."""
        return True

    def fileno(self) -> int:
        """The number that the operating system knows it by."""
        return self._file.fileno()

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write what can be written. Returns the length of all."""
        whole = rest = memoryview(data).cast("B")
        with suppress(OSError):
            while rest and (written := self._file.write(rest)):
                rest = rest[written:]
        return len(whole)


def keep_going() -> None:
    """Have print, tracebacks and logging of this process lose lines where these cannot be written."""
    sys.stdout, sys.stderr = (
        # Unbuffered, as with `python -u`.
        io.TextIOWrapper(cast(BinaryIO, _Lossy(number)), "utf-8", "backslashreplace", write_through=True)
        for number in (1, 2)
    )
