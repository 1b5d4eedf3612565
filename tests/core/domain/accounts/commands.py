"""The commands of accounts. Clients send Open, ChangeDetails, Deposit and Close. Transfers send the others."""

from collections.abc import Mapping

from msgspec import UNSET, UnsetType

from chalicelib.core.decider import Command


class Open(Command, frozen=True, kw_only=True):
    """Open an account, or a closed one again."""

    at: str
    owner: str
    name: str
    note: str = ""


class ChangeDetails(Command, frozen=True, kw_only=True):
    """Change an account's name or note. A field that is UNSET stays as it is."""

    name: str | UnsetType = UNSET
    note: str | UnsetType = UNSET


class Deposit(Command, frozen=True):
    """Deposit money into an account. A reference counts once for each account."""

    amount: int
    reference: str | None = None


class Close(Command, frozen=True):
    """Close an empty account. A tombstone remains. Its name becomes available again."""


class Hold(Command, frozen=True):
    """Promise the money of a transfer, all or nothing. `legs`: the change of each account."""

    transfer_id: str
    legs: Mapping[str, int]


class Release(Command, frozen=True):
    """Release the money that a transfer was promised."""

    transfer_id: str


class Settle(Command, frozen=True):
    """Move the money that a transfer was promised."""

    transfer_id: str


OfOneAccount = Open | ChangeDetails | Deposit | Close
OfATransfer = Hold | Release | Settle
AccountsCommand = OfOneAccount | OfATransfer
