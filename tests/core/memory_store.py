"""A write store in memory, for tests with thousands of commits. It passes the conformance suite."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.core.commands.store import ClaimTaken, Commit, ItemTooLarge, KeptResponse, KeyUsed, LostRace
from chalicelib.core.dynamodb.codec import item_of
from chalicelib.core.service import Head

MAX_ITEM_BYTES = 400 * 1024


@dataclass
class MemoryStore:
    """The write store of one service.

    Attributes:
        heads: the newest head of each aggregate.
        claims: the owner of each claim, and the commit that took it.
        kept: the responses under idempotency keys.
        published: is called with each new head, as the table's stream would get it.
    """

    heads: dict[str, Head] = field(default_factory=dict)
    claims: dict[str, tuple[str, str]] = field(default_factory=dict)
    kept: dict[str, KeptResponse] = field(default_factory=dict)
    published: Callable[[Head], None] = lambda _: None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def load(self, ids: Sequence[str]) -> dict[str, Head]:
        """See `WriteStore.load`."""
        with self._lock:
            return {id: self.heads[id] for id in ids if id in self.heads}

    def kept_response(self, claim_id: str, now: int) -> KeptResponse | None:
        """See `WriteStore.kept_response`."""
        return self._kept(claim_id, now)

    def commit(self, commit: Commit) -> None:
        """See `WriteStore.commit`."""
        with self._lock:
            if commit.heads and self._commit_of(commit.heads[0].id) == commit.id:
                return
            self._check(commit)
            self._write(commit)

    def _kept(self, claim_id: str, now: int) -> KeptResponse | None:
        kept = self.kept.get(claim_id)
        return kept if kept and kept.expires_at > now else None

    def _commit_of(self, id: str) -> str | None:
        return self.heads[id].commit if id in self.heads else None

    def _version_of(self, id: str) -> int:
        return self.heads[id].version if id in self.heads else 0

    def _check(self, commit: Commit) -> None:
        if any(_bytes(head) > MAX_ITEM_BYTES for head in commit.heads):
            raise ItemTooLarge("over 400 KB")
        if commit.response and self._kept(commit.response.claim_id, commit.now):
            raise KeyUsed(commit.response.claim_id)
        moved = [head.id for head in commit.heads if self._version_of(head.id) != head.version - 1]
        moved += [head.id for head in commit.unchanged if self._version_of(head.id) != head.version]
        if moved:
            raise LostRace(f"lost the race for {moved}")
        for claim, _ in commit.take:
            if claim.item_id in self.claims:
                raise ClaimTaken(claim, self.claims[claim.item_id][0])
        for claim, owner in commit.release:
            if self.claims.get(claim.item_id, (owner, ""))[0] != owner:
                raise LostRace(f"{claim} is another's")

    def _write(self, commit: Commit) -> None:
        for claim, _ in commit.release:
            self.claims.pop(claim.item_id, None)
        for claim, owner in commit.take:
            self.claims[claim.item_id] = (owner, commit.id)
        if commit.response:
            self.kept[commit.response.claim_id] = commit.response
        for head in commit.heads:
            self.heads[head.id] = head
            self.published(head)


def _bytes(head: Head) -> int:
    """Return about the size that DynamoDB counts."""
    item: Mapping[str, Any] = item_of(head)
    return len(json.dumps(item, ensure_ascii=False).encode())
