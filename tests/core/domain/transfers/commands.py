"""The commands of transfers. Clients send Request, Cancel and Settle; accounts Accept and Refuse; a deadline Expire."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from chalicelib.core.decider import Command
from tests.core.domain.accounts.published import Standing


class Leg(Struct, frozen=True):
    """A leg of a transfer: into the account, or out of it if the amount is negative."""

    account: str
    amount: int


class Shortfall(Struct, frozen=True):
    """An account that had less than a transfer needs."""

    account: str
    requested: int
    available: int


class Request(Command, frozen=True, kw_only=True):
    """Request a transfer.

    Attributes:
        requested_at: ISO 8601 UTC with milliseconds.
        accounts: the published standings of the legs' accounts; unknown accounts are missing.
        of_owner: whether money may leave only the owner's accounts.
    """

    owner: str
    requested_at: str
    legs: Sequence[Leg]
    reference: str | None = None
    accounts: Mapping[str, Standing]
    of_owner: bool = False


class Accept(Command, frozen=True):
    """Accept the transfer: all of its money is held."""


class Refuse(Command, frozen=True):
    """Refuse the transfer: there was too little money."""

    shortfalls: list[Shortfall]


class Cancel(Command, frozen=True):
    """Cancel the transfer before it is settled."""

    reason: str | None = None


class Settle(Command, frozen=True):
    """Settle the transfer: move the money."""


class Expire(Command, frozen=True):
    """Expire a transfer that was requested before that moment and is not settled."""

    before: str


TransfersCommand = Request | Accept | Refuse | Cancel | Settle | Expire
