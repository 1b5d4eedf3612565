"""The commands of accounts: by clients (open, change, deposit, close) and by transfers (the others)."""

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
    """Change an account's name or note; what is UNSET stays."""

    name: str | UnsetType = UNSET
    note: str | UnsetType = UNSET


class Deposit(Command, frozen=True):
    """Put money into an account; a reference counts once an account."""

    amount: int
    reference: str | None = None


class Close(Command, frozen=True):
    """Close an empty account: a tombstone remains, its name is free again."""


class Hold(Command, frozen=True):
    """Promise a transfer its money, all or nothing. `legs`: the change of each account."""

    transfer_id: str
    legs: Mapping[str, int]


class Release(Command, frozen=True):
    """Give back what a transfer was promised."""

    transfer_id: str


class Settle(Command, frozen=True):
    """Move what a transfer was promised."""

    transfer_id: str


OfOneAccount = Open | ChangeDetails | Deposit | Close
OfATransfer = Hold | Release | Settle
AccountsCommand = OfOneAccount | OfATransfer
