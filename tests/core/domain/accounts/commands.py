"""What may be asked of accounts: from outside (open, change, deposit, close) and by transfers (the rest)."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.core.fields import Body, Name, Text
from tests.core.domain.fields import Amount, Number, Owner, Reference


class NewAccount(Body, frozen=True):
    """An account to open; whoever opens one for itself leaves the owner out."""

    number: Number
    name: Name
    note: Text = ""
    owner: Owner | None = None


class AccountChange(Body, frozen=True):
    """What to change; what is left out stays."""

    name: Name | UnsetType = UNSET
    note: Text | UnsetType = UNSET


class NewDeposit(Body, frozen=True):
    """Money that came in; a reference counts once an account."""

    amount: Amount
    reference: Reference | None = None


class Open(Struct, frozen=True):
    """Open an account, or a closed one again."""

    at: str
    owner: str
    details: NewAccount


class ChangeDetails(Struct, frozen=True):
    """Change an account's name or note."""

    change: AccountChange


class Deposit(Struct, frozen=True):
    """Put money into an account."""

    deposit: NewDeposit


class Close(Struct, frozen=True):
    """Close an empty account: a tombstone remains, its name is free again."""


class Hold(Struct, frozen=True):
    """Promise a transfer its money, all or nothing. `legs`: the change of each account."""

    transfer_id: str
    legs: Mapping[str, int]


class Release(Struct, frozen=True):
    """Give back what a transfer was promised."""

    transfer_id: str


class Settle(Struct, frozen=True):
    """Move what a transfer was promised."""

    transfer_id: str


class AccountAnswer(Struct):
    """An account after a command; `id` is its number."""

    id: str
    version: Annotated[int, Meta(ge=1)]
    owner: str
    name: str
    opened_at: str
    note: str = ""
    balance: int = 0
    held: int = 0


class ClosedAnswer(Struct):
    """What remains of an account."""

    id: str
    version: Annotated[int, Meta(ge=1)]
    deleted: bool = True
