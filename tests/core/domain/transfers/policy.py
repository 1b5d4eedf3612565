"""What transfers do when holds change: accept or refuse, or give the hold back where that comes too late."""

from collections.abc import Iterator

from chalicelib.core.service import FollowUp, Head
from tests.core.domain.accounts.published import PublishedHold, hold_of, release
from tests.core.domain.transfers.commands import Accept, Refuse, Shortfall


def on_accounts(head: Head) -> Iterator[FollowUp]:
    """What a hold asks of its transfer; an account itself asks for nothing."""
    match hold_of(head):
        case PublishedHold(id, "held", legs, _):
            instead = {"wrong-state": release(id, legs)}
            yield FollowUp("transfers", "transfers.accept", Accept(), (id,), instead)
        case PublishedHold(id, "short", _, shortfalls):
            refuse = Refuse([Shortfall(**shortfall) for shortfall in shortfalls])
            yield FollowUp("transfers", "transfers.refuse", refuse, (id,), {"wrong-state": None})
