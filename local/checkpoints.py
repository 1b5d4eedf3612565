"""The position of each function in each shard, in one small file for each function and table."""

import json
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path


class Checkpoints:
    """The position of one function in one table's stream.

    If the file cannot be read, the function begins again at the oldest record. If it cannot be written, the function
    begins, after a restart, at the last checkpoint that was. Either way records are repeated, which does no harm.

    Args:
        path: the file's path. Each change is one write in place, which costs a third of a new file's. A killed process
            leaves the old or the new content.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._by_shard = _read(path)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)

    def get(self, shard: str) -> str | None:
        """The last sequence number that is done; None at the start."""
        return self._by_shard.get(shard)

    def advance(self, shard: str, sequence_number: str) -> None:
        """Store that everything up to this sequence number is done."""
        with self._lock:
            if self._by_shard.get(shard) == sequence_number:
                return
            self._by_shard[shard] = sequence_number
            with suppress(OSError):
                self._write(json.dumps(self._by_shard).encode())

    def _write(self, content: bytes) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.pwrite(file, content.ljust(os.fstat(file).st_size), 0)  # spaces over what was longer
        finally:
            os.close(file)


def _read(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {str(shard): str(number) for shard, number in content.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        print(f"{path} cannot be read ({error}); the oldest record comes again", file=sys.stderr, flush=True)
        return {}
