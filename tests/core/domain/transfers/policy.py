"""The commands that transfers run when holds change: accept, refuse, or release a hold that comes too late."""

from collections.abc import Iterator

from chalicelib.core.service import FollowUp, Head
from tests.core.domain.accounts.published import PublishedHold, hold_of, release
from tests.core.domain.transfers.commands import Accept, Refuse, Shortfall


def on_accounts(head: Head) -> Iterator[FollowUp]:
    """Return the commands that a hold's change causes for its transfer. An account's change causes none."""
    match hold_of(head):
        case PublishedHold(id, "held", legs, _):
            instead = {"wrong-state": release(id, legs)}
            yield FollowUp("transfers", "transfers.accept", Accept(), (id,), instead)
        case PublishedHold(id, "short", _, shortfalls):
            refuse = Refuse([Shortfall(**shortfall) for shortfall in shortfalls])
            yield FollowUp("transfers", "transfers.refuse", refuse, (id,), {"wrong-state": None})
