"""The commands of the inventory. Clients send Receive and Adjust. The order saga sends the others."""

from collections.abc import Mapping

from chalicelib.core.decider import Command


class Receive(Command, frozen=True):
    """Add received pieces to the stock. A reference, such as a delivery note's number, counts once for each SKU."""

    sku: str
    quantity: int
    reference: str | None = None


class Adjust(Command, frozen=True):
    """Correct the stock after a count: pieces found (positive) or lost (negative)."""

    sku: str
    change: int
    reason: str


class Reserve(Command, frozen=True):
    """Reserve an order's pieces, all or nothing. `lines`: pieces by SKU."""

    order_id: str
    lines: Mapping[str, int]


class Release(Command, frozen=True):
    """Release the pieces that are reserved for an order."""

    order_id: str


class Ship(Command, frozen=True):
    """Take the pieces that are reserved for an order out of stock."""

    order_id: str


InventoryCommand = Receive | Adjust | Reserve | Release | Ship
