"""The JSON bodies of the commands of accounts and of their answers."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.core.fields import Body, Name, Text
from tests.core.domain.fields import Amount, Number, Owner, Reference


class NewAccount(Body, frozen=True):
    """An account to open. A role that opens one for itself leaves the owner out."""

    number: Number
    name: Name
    note: Text = ""
    owner: Owner | None = None


class AccountChange(Body, frozen=True):
    """The fields to change. A field that is left out stays as it is."""

    name: Name | UnsetType = UNSET
    note: Text | UnsetType = UNSET


class NewDeposit(Body, frozen=True):
    """Money that was received. A reference counts once for each account."""

    amount: Amount
    reference: Reference | None = None


class AccountAnswer(Struct):
    """An account after a command. `id` is its number."""

    id: str
    version: Annotated[int, Meta(ge=1)]
    owner: str
    name: str
    opened_at: str
    note: str = ""
    balance: int = 0
    held: int = 0


class ClosedAnswer(Struct):
    """A closed account."""

    id: str
    version: Annotated[int, Meta(ge=1)]
    deleted: bool = True
