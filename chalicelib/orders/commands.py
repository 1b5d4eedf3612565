"""What may be asked of orders: from outside (place, cancel, ship, deliver) and by the saga (confirm, reject)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from chalicelib.catalog.published import Listing
from chalicelib.core.fields import Body, Note
from chalicelib.customers.published import Standing
from chalicelib.vocabulary import CustomerId, MinorUnits, Quantity, Reference, Sku

MAX_LINES = 1000
MAX_SKUS = 99
"""DynamoDB's 100 items a transaction, less the order's reservation (or a claim)."""


class NewLine(Body, frozen=True):
    """A line of a new order; staff may state another price than the catalog's."""

    sku: Sku
    quantity: Quantity
    unit_price: MinorUnits | None = None


class NewOrder(Body, frozen=True):
    """An order to place; a customer may leave its own id out, an admin may back-date."""

    lines: Annotated[list[NewLine], Meta(min_length=1, max_length=MAX_LINES)]
    customer_id: CustomerId | None = None
    reference: Reference | None = None
    placed_at: Annotated[datetime, Meta(tz=True)] | None = None


class Cancellation(Body, frozen=True):
    """Why an order is cancelled, if anybody says."""

    reason: Note | None = None


class Place(Struct, frozen=True):
    """Place an order.

    Attributes:
        placed_at: ISO 8601 UTC with milliseconds.
        customer: the customer's standing; None for nobody known.
        listings: what the catalog says of the SKUs; unknown ones are missing.
    """

    customer_id: str
    placed_at: str
    order: NewOrder
    customer: Standing | None
    listings: Mapping[str, Listing]


class Confirm(Struct, frozen=True):
    """All pieces are reserved."""


class Reject(Struct, frozen=True):
    """Pieces were short: {sku, requested, available} each."""

    shortages: list[dict[str, str | int]]


class Cancel(Struct, frozen=True):
    """Call the order off, before it is shipped."""

    reason: str | None


class Ship(Struct, frozen=True):
    """The goods left the house."""


class Deliver(Struct, frozen=True):
    """The goods arrived."""


class OrderAnswer(Struct):
    """An order after a command; GET /orders/{id} has the lines."""

    id: str
    version: Annotated[int, Meta(ge=1)]
    status: str
    customer_id: str
    currency: str
    total: int
    placed_at: str
    reference: str | None = None
    reason: str | None = None
