"""Where each function stands in each shard, in one small file a function and table."""

import json
import threading
from pathlib import Path


class Checkpoints:
    """What one function has done of one table's stream.

    Args:
        path: of the file; it is replaced whole at each change, so that a crash leaves the old or the new one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._by_shard: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}

    def get(self, shard: str) -> str | None:
        """The last sequence number that is done, or None at the start."""
        return self._by_shard.get(shard)

    def advance(self, shard: str, sequence_number: str) -> None:
        """Everything up to that sequence number is done."""
        with self._lock:
            self._by_shard[shard] = sequence_number
            fresh = self._path.with_suffix(".new")
            fresh.write_text(json.dumps(self._by_shard))
            fresh.replace(self._path)
