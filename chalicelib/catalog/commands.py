"""The commands of the catalog."""

from msgspec import UNSET, UnsetType

from chalicelib.core.decider import Command


class Add(Command, frozen=True, kw_only=True):
    """Add a product, or bring a discontinued one back."""

    at: str
    sku: str
    name: str
    price: int
    currency: str
    description: str = ""


class Change(Command, frozen=True, kw_only=True):
    """Change a product's name, description or price. A field that is UNSET stays as it is."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    price: int | UnsetType = UNSET
    currency: str | UnsetType = UNSET


class Discontinue(Command, frozen=True):
    """Remove a product from the catalog. It can no longer be ordered or repriced."""


CatalogCommand = Add | Change | Discontinue
