"""The JSON bodies of the catalog's commands and of their answers."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.core.fields import Body, Name, Text
from chalicelib.vocabulary import Currency, MinorUnits, Sku


class NewProduct(Body, frozen=True):
    """A product and its price."""

    sku: Sku
    name: Name
    price: MinorUnits
    currency: Currency
    description: Text = ""


class ProductChange(Body, frozen=True):
    """The fields to change. A field that is left out stays as it is."""

    name: Name | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    price: MinorUnits | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET


class ProductAnswer(Struct):
    """A product after a command; `id` is its SKU."""

    id: str
    version: Annotated[int, Meta(ge=1)]
    name: str
    price: int
    currency: str
    created_at: str
    description: str = ""


class DiscontinuedAnswer(Struct):
    """A discontinued product."""

    id: str
    version: Annotated[int, Meta(ge=1)]
    deleted: bool = True
