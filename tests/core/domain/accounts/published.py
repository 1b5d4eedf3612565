"""What accounts publish to other services: holds as their stream shows them, the release of one, and standings."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from msgspec import Struct

from chalicelib.core.service import FollowUp, Head, HeadReader
from tests.core.domain.accounts.commands import Release
from tests.core.domain.accounts.domain import HOLD_PREFIX, hold_id


class Standing(Struct, frozen=True):
    """An account as other services may know it."""

    owner: str
    closed: bool


class Standings(Protocol):
    """The port for the owners of accounts, and whether the accounts are open."""

    def standings(self, numbers: Sequence[str]) -> Mapping[str, Standing]:
        """Return up to 100 accounts that exist, read consistently. Raises StoreUnreachable, Throttled."""


class TableStandings(Standings):
    """Standings from the accounts' table."""

    def __init__(self, store: HeadReader) -> None:
        self._store = store

    def standings(self, numbers: Sequence[str]) -> Mapping[str, Standing]:
        """See Standings.standings."""
        heads = self._store.load(numbers)
        return {number: Standing(head.state["owner"], head.deleted) for number, head in heads.items()}


class PublishedHold(NamedTuple):
    """The promise to a transfer: its status, the change of each account, and the accounts with too little."""

    transfer_id: str
    status: str
    legs: Mapping[str, int]
    shortfalls: Sequence[Mapping[str, Any]]


def hold_of(head: Head) -> PublishedHold | None:
    """Return the hold in a record of the accounts' stream; None for an account."""
    if not head.id.startswith(HOLD_PREFIX):
        return None
    state = head.state
    return PublishedHold(
        head.id.removeprefix(HOLD_PREFIX), state["status"], state.get("legs", {}), state.get("shortfalls", ())
    )


def release(transfer_id: str, numbers: Collection[str]) -> FollowUp:
    """Release the promise to a transfer. If the hold does not exist yet, it will never be made."""
    return FollowUp("accounts", "accounts.release", Release(transfer_id), (hold_id(transfer_id), *numbers))
