"""What may be asked of orders: from outside (place, cancel, ship, deliver), by the saga (confirm, reject), by time."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from chalicelib.catalog.published import Listing
from chalicelib.core.decider import Command


class RequestedLine(Struct, frozen=True):
    """A line of an order to place; `unit_price` in minor units, None for the catalog's."""

    sku: str
    quantity: int
    unit_price: int | None = None


class Shortage(Struct, frozen=True):
    """A SKU of which there was less than an order wanted."""

    sku: str
    requested: int
    available: int


class Place(Command, frozen=True, kw_only=True):
    """Place an order.

    Attributes:
        placed_at: ISO 8601 UTC with milliseconds.
        registered: whether there is such a customer.
        listings: what the catalog says of the SKUs; unknown ones are missing.
        most_pieces: how many pieces it may have; None for any number.
    """

    customer_id: str
    placed_at: str
    lines: Sequence[RequestedLine]
    reference: str | None = None
    registered: bool
    listings: Mapping[str, Listing]
    most_pieces: int | None = None


class Confirm(Command, frozen=True):
    """All pieces are reserved."""


class Reject(Command, frozen=True):
    """Pieces were short."""

    shortages: list[Shortage]


class Cancel(Command, frozen=True):
    """Call the order off, before it is shipped."""

    reason: str | None


class Ship(Command, frozen=True):
    """The goods left the house."""


class Deliver(Command, frozen=True):
    """The goods arrived."""


class Expire(Command, frozen=True):
    """Call off an order that was placed before that moment and is not shipped."""

    before: str


OrderCommand = Place | Confirm | Reject | Cancel | Ship | Deliver | Expire
