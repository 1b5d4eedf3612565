"""What may be asked of customers."""

from msgspec import UNSET, UnsetType

from chalicelib.core.decider import Command


class Register(Command, frozen=True, kw_only=True):
    """Add a customer."""

    id: str
    at: str
    name: str
    email: str
    country: str | None = None


class Change(Command, frozen=True, kw_only=True):
    """Change some of a customer's particulars; what is UNSET stays, None clears the country."""

    name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    country: str | None | UnsetType = UNSET


class Delete(Command, frozen=True):
    """Delete a customer: a tombstone remains, the e-mail address is free again."""


CustomerCommand = Register | Change | Delete
