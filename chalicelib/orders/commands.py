"""The commands of orders.

Clients send Place, Cancel, Ship and Deliver. The saga sends Confirm and Reject. A deadline sends Expire.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from chalicelib.catalog.published import Listing
from chalicelib.core.decider import Command

# An order of this size, with its events, is smaller than 400 KB, the largest item of DynamoDB.
MAX_LINES = 1000
# DynamoDB takes 100 items a transaction: stock of 99 SKUs, and the order's reservation or a claim.
MAX_SKUS = 99


class RequestedLine(Struct, frozen=True):
    """A line of an order to place; `unit_price` in minor units, None for the catalog's."""

    sku: str
    quantity: int
    unit_price: int | None = None


class Shortage(Struct, frozen=True):
    """A SKU of which fewer pieces were available than an order requested."""

    sku: str
    requested: int
    available: int


class Place(Command, frozen=True, kw_only=True):
    """Place an order.

    Attributes:
        placed_at: ISO 8601 UTC with milliseconds.
        registered: whether the customer is registered.
        listings: the catalog's listings by SKU; a SKU that the catalog does not know is missing.
        most_pieces: the limit of pieces; None for no limit.
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
    """Too few pieces were available."""

    shortages: list[Shortage]


class Cancel(Command, frozen=True):
    """Cancel the order before it is shipped."""

    reason: str | None


class Ship(Command, frozen=True):
    """The order was shipped."""


class Deliver(Command, frozen=True):
    """The order was delivered."""


class Expire(Command, frozen=True):
    """Cancel an order that was placed before the given time and is not shipped."""

    before: str


OrderCommand = Place | Confirm | Reject | Cancel | Ship | Deliver | Expire
