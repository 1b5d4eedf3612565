"""The commands of customers."""

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
    """Change some of a customer's fields. A field that is UNSET stays as it is. None clears the country."""

    name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    country: str | None | UnsetType = UNSET


class Delete(Command, frozen=True):
    """Delete a customer. A tombstone remains. The e-mail address becomes available again."""


CustomerCommand = Register | Change | Delete
