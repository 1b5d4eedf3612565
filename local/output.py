"""Standard output and standard error that a full disk does not break.

The parts of the stack log to files. If a line cannot be written, only the line is lost, never an answer, a record or a
thread.
"""

import io
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Lossy(io.RawIOBase):
    """A stream that accepts everything and ignores errors of writing."""

    def __init__(self, number: int) -> None:
        self._file = io.FileIO(number, "w", closefd=False)

    def writable(self) -> bool:
        """Always True."""
        return True

    def fileno(self) -> int:
        """The file descriptor."""
        return self._file.fileno()

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write as much as possible. Returns the length of the whole text."""
        whole = rest = memoryview(data).cast("B")
        with suppress(OSError):
            while rest and (written := self._file.write(rest)):
                rest = rest[written:]
        return len(whole)


def keep_going() -> None:
    """Make print, tracebacks and logging of this process drop lines that cannot be written."""
    sys.stdout, sys.stderr = (
        # Unbuffered, as with `python -u`.
        io.TextIOWrapper(cast(BinaryIO, _Lossy(number)), "utf-8", "backslashreplace", write_through=True)
        for number in (1, 2)
    )
