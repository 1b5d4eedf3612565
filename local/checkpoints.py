"""The position of each function in each shard, in one small file for each function and table."""

import json
import sys
import threading
from contextlib import suppress
from pathlib import Path


class Checkpoints:
    """The position of one function in one table's stream.

    If the file cannot be read, the function begins again at the oldest record. If it cannot be written, the function
    begins, after a restart, at the last checkpoint that was. Either way records are repeated, which does no harm.

    Args:
        path: the file's path. Each change replaces the whole file, so a crash leaves the old or the new one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._by_shard = _read(path)

    def get(self, shard: str) -> str | None:
        """The last sequence number that is done; None at the start."""
        return self._by_shard.get(shard)

    def advance(self, shard: str, sequence_number: str) -> None:
        """Store that everything up to this sequence number is done."""
        with self._lock:
            self._by_shard[shard] = sequence_number
            with suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                fresh = self._path.with_suffix(".new")
                fresh.write_text(json.dumps(self._by_shard), encoding="utf-8")
                fresh.replace(self._path)


def _read(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {str(shard): str(number) for shard, number in content.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        print(f"{path} cannot be read ({error}); the oldest record comes again", file=sys.stderr, flush=True)
        return {}
