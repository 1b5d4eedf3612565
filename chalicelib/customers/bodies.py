"""The JSON bodies of the commands of customers and of their answers."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.core.fields import Body, Email, Name
from chalicelib.vocabulary import Country


class NewCustomer(Body, frozen=True):
    """A customer to register."""

    name: Name
    email: Email
    country: Country | None = None


class CustomerChange(Body, frozen=True):
    """The fields to change. A field that is left out stays as it is. Null clears the country."""

    name: Name | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    country: Country | None | UnsetType = UNSET


class CustomerAnswer(Struct):
    """A customer after a command."""

    id: str
    version: Annotated[int, Meta(ge=1)]
    name: str
    email: str
    created_at: str
    country: str | None = None


class DeletedAnswer(Struct):
    """A deleted customer."""

    id: str
    version: Annotated[int, Meta(ge=1)]
    deleted: bool = True
