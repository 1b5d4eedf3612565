"""The commands of transfers: by clients (request, cancel, settle), by accounts (accept, refuse), by a deadline."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from chalicelib.core.decider import Command
from tests.core.domain.accounts.published import Standing


class Leg(Struct, frozen=True):
    """A leg of a transfer: into the account, or out of it where the amount is negative."""

    account: str
    amount: int


class Shortfall(Struct, frozen=True):
    """An account that had less than a transfer wanted."""

    account: str
    requested: int
    available: int


class Request(Command, frozen=True, kw_only=True):
    """Request a transfer.

    Attributes:
        requested_at: ISO 8601 UTC with milliseconds.
        accounts: what the accounts publish of those of its legs; unknown ones are missing.
        of_owner: whether money may leave the owner's accounts alone.
    """

    owner: str
    requested_at: str
    legs: Sequence[Leg]
    reference: str | None = None
    accounts: Mapping[str, Standing]
    of_owner: bool = False


class Accept(Command, frozen=True):
    """All of its money is held."""


class Refuse(Command, frozen=True):
    """Money was short."""

    shortfalls: list[Shortfall]


class Cancel(Command, frozen=True):
    """Call the transfer off, before it is settled."""

    reason: str | None = None


class Settle(Command, frozen=True):
    """Let the money move."""


class Expire(Command, frozen=True):
    """Give up a transfer that was requested before that moment, and is not settled."""

    before: str


TransfersCommand = Request | Accept | Refuse | Cancel | Settle | Expire
