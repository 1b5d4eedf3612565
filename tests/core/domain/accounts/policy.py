"""The commands that accounts run when transfers change. A repeated step succeeds and changes nothing."""

from collections.abc import Iterator

from chalicelib.core.service import FollowUp, Head
from tests.core.domain.accounts.commands import Hold, Settle
from tests.core.domain.accounts.domain import hold_id
from tests.core.domain.accounts.published import release
from tests.core.domain.transfers.published import transfer_of


def on_transfers(head: Head) -> Iterator[FollowUp]:
    """Return the commands that a transfer's change causes in the accounts."""
    transfer = transfer_of(head)
    touched = (hold_id(transfer.id), *transfer.legs)
    match transfer.status:
        case "requested":
            yield FollowUp("accounts", "accounts.hold", Hold(transfer.id, transfer.legs), touched)
        case "cancelled" | "refused":
            yield release(transfer.id, transfer.legs)
        case "settled":
            yield FollowUp("accounts", "accounts.settle", Settle(transfer.id), touched)
