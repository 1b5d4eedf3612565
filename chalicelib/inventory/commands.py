"""What may be asked of the inventory: from outside (receive, adjust) and by the order saga (the rest)."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from chalicelib.core.fields import Body, Note
from chalicelib.vocabulary import Quantity, Reference


class Receipt(Body, frozen=True):
    """Goods that came in; a reference (the delivery note's number) counts once a SKU."""

    quantity: Quantity
    reference: Reference | None = None


class Adjustment(Body, frozen=True):
    """A correction after counting: pieces found (positive) or lost (negative)."""

    change: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
    reason: Note


class Receive(Struct, frozen=True):
    """Put received goods into stock."""

    sku: str
    receipt: Receipt


class Adjust(Struct, frozen=True):
    """Correct what is in stock."""

    sku: str
    adjustment: Adjustment


class Reserve(Struct, frozen=True):
    """Promise an order's pieces, all or nothing. `lines`: pieces by SKU."""

    order_id: str
    lines: Mapping[str, int]


class Release(Struct, frozen=True):
    """Give back what an order was promised."""

    order_id: str


class Ship(Struct, frozen=True):
    """Take what an order was promised out of stock."""

    order_id: str


class StockAnswer(Struct):
    """The stock of a SKU after a command; `id` is the SKU."""

    id: str
    version: Annotated[int, Meta(ge=1)]
    on_hand: int = 0
    reserved: int = 0
