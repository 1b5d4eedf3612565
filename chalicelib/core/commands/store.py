"""The port of the write store: what a commit is, and every way in which it can fail.

core/dynamodb/store.py implements it; tests/core/contract/ holds the conformance suite of whatever does.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from chalicelib.core.service import Claim, Head, HeadReader


class LostRace(Exception):
    """Another writer was first or is still writing: load again and decide again."""


class ClaimTaken(Exception):
    """Another aggregate holds a claim that this commit wants to take."""

    def __init__(self, claim: Claim, owner: str) -> None:
        super().__init__(f"another aggregate, {owner}, holds a {claim.kind}")  # its value may be personal
        self.claim = claim
        self.owner = owner


class KeyUsed(Exception):
    """Another request with this idempotency key was first; its response is kept."""


class OutcomeUnknown(Exception):
    """The write may or may not have happened, and reading the store cannot tell."""


class ItemTooLarge(Exception):
    """An item would exceed DynamoDB's 400 KB."""


class Throttled(Exception):
    """DynamoDB throttled the request, even after botocore's own retries. Nothing was written."""


class StoreUnreachable(Exception):
    """DynamoDB cannot be reached or refuses to answer. Reads only: nothing was written."""


class KeptResponse(NamedTuple):
    """The response stored under an idempotency key.

    Attributes:
        claim_id: `claim#key#<principal>#<key>`.
        fingerprint: digest of the request that it answered.
        response: plain data: status, headers, body.
        expires_at: Unix seconds; DynamoDB's TTL removes it some time after, so readers compare too.
    """

    claim_id: str
    fingerprint: str
    response: Mapping[str, Any]
    expires_at: int


class Commit(msgspec.Struct, frozen=True):
    """All that one command writes: everything or nothing.

    Attributes:
        id: unique; every head of the commit carries it.
        heads: the new heads; each replaces version - 1, or nothing when version is 1.
        unchanged: heads read and not changed that must still be at that version.
        take: claims to take, with the aggregate that will own each.
        release: claims to give back, with the aggregate that owns each.
        response: what to keep under the idempotency key, if there is one.
        now: Unix seconds, to tell expired keys.
    """

    id: str
    heads: Sequence[Head]
    unchanged: Sequence[Head] = ()
    take: Sequence[tuple[Claim, str]] = ()
    release: Sequence[tuple[Claim, str]] = ()
    response: KeptResponse | None = None
    now: int = 0


class WriteStore(HeadReader, Protocol):
    """The operations that the command pipeline needs from a store."""

    def commit(self, commit: Commit) -> None:
        """Write it all or nothing.

        Raises:
            LostRace, ClaimTaken, KeyUsed, ItemTooLarge, Throttled: and nothing was written.
            OutcomeUnknown: it may have been written.
        """

    def kept_response(self, claim_id: str, now: int) -> KeptResponse | None:
        """The response under an idempotency key that has not expired. Raises StoreUnreachable."""
