"""The JSON bodies of the commands of transfers and of their answer."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from chalicelib.core.fields import Body, Note
from tests.core.domain.fields import Change, Number, Owner, Reference

MAX_LEGS = 200
MAX_ACCOUNTS = 99
"""DynamoDB's 100 items a transaction, less the transfer's hold (or a claim)."""


class NewLeg(Body, frozen=True):
    """A leg of a new transfer: into the account, or out of it if the amount is negative."""

    account: Number
    amount: Change


class NewTransfer(Body, frozen=True):
    """A transfer to request. Roles that request only their own leave out the owner. Some set a reference or a time."""

    legs: Annotated[list[NewLeg], Meta(min_length=1, max_length=MAX_LEGS)]
    owner: Owner | None = None
    reference: Reference | None = None
    requested_at: Annotated[datetime, Meta(tz=True)] | None = None


class Cancellation(Body, frozen=True):
    """The reason why a transfer is cancelled, if there is one."""

    reason: Note | None = None


class TransferAnswer(Struct):
    """A transfer after a command. GET /transfers/{id} has the legs."""

    id: str
    version: Annotated[int, Meta(ge=1)]
    status: str
    owner: str
    volume: int
    requested_at: str
    reference: str | None = None
    reason: str | None = None
