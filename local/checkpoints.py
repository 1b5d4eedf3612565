"""Where each function stands in each shard, in one small file a function and table."""

import json
import sys
import threading
from contextlib import suppress
from pathlib import Path


class Checkpoints:
    """What one function has done of one table's stream.

    Where the file cannot be read, the function begins at the oldest record again; where it cannot be written, at the
    last checkpoint that could, after a restart. Either way records come again, which changes nothing.

    Args:
        path: of the file; it is replaced whole at each change, so that a crash leaves the old or the new one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._by_shard = _read(path)

    def get(self, shard: str) -> str | None:
        """The last sequence number that is done, or None at the start."""
        return self._by_shard.get(shard)

    def advance(self, shard: str, sequence_number: str) -> None:
        """Everything up to that sequence number is done."""
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
