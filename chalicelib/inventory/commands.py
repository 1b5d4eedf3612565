"""What may be asked of the inventory: from outside (receive, adjust) and by the order saga (the rest)."""

from collections.abc import Mapping

from chalicelib.core.decider import Command


class Receive(Command, frozen=True):
    """Put received goods into stock; a reference (the delivery note's number) counts once a SKU."""

    sku: str
    quantity: int
    reference: str | None = None


class Adjust(Command, frozen=True):
    """Correct what is in stock after counting: pieces found (positive) or lost (negative)."""

    sku: str
    change: int
    reason: str


class Reserve(Command, frozen=True):
    """Promise an order's pieces, all or nothing. `lines`: pieces by SKU."""

    order_id: str
    lines: Mapping[str, int]


class Release(Command, frozen=True):
    """Give back what an order was promised."""

    order_id: str


class Ship(Command, frozen=True):
    """Take what an order was promised out of stock."""

    order_id: str


InventoryCommand = Receive | Adjust | Reserve | Release | Ship
