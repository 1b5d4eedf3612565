"""The JSON bodies of the commands of orders and of their answer."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from chalicelib.core.fields import Body, Note
from chalicelib.orders.commands import MAX_LINES
from chalicelib.vocabulary import CustomerId, MinorUnits, Quantity, Reference, Sku


class NewLine(Body, frozen=True):
    """A line of a new order. Staff may set a price that differs from the catalog's."""

    sku: Sku
    quantity: Quantity
    unit_price: MinorUnits | None = None


class NewOrder(Body, frozen=True):
    """An order to place. A customer may leave out its own id, and its pieces are limited. An admin may back-date it."""

    lines: Annotated[list[NewLine], Meta(min_length=1, max_length=MAX_LINES)]
    customer_id: CustomerId | None = None
    reference: Reference | None = None
    placed_at: Annotated[datetime, Meta(tz=True)] | None = None


class Cancellation(Body, frozen=True):
    """Why the order is cancelled, optionally."""

    reason: Note | None = None


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
