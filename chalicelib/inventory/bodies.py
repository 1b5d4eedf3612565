"""The JSON bodies of the inventory's commands and of their answer."""

from typing import Annotated

from msgspec import Meta, Struct

from chalicelib.core.fields import Body, Note
from chalicelib.vocabulary import Quantity, Reference


class Receipt(Body, frozen=True):
    """Received pieces. A reference, such as the delivery note's number, counts once for each SKU."""

    quantity: Quantity
    reference: Reference | None = None


class Adjustment(Body, frozen=True):
    """A correction after a count: pieces found (positive) or lost (negative)."""

    change: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
    reason: Note


class StockAnswer(Struct):
    """The stock of a SKU after a command; `id` is the SKU."""

    id: str
    version: Annotated[int, Meta(ge=1)]
    on_hand: int = 0
    reserved: int = 0
