"""What queries about orders take and answer."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from chalicelib.core.queries.answers import Timestamp, Version
from chalicelib.core.queries.listing import ListParameters
from chalicelib.core.queries.search import WORDS, SearchText
from chalicelib.vocabulary import Currency, CustomerId, Money, Reference, Sku

Status = Literal["placed", "confirmed", "rejected", "cancelled", "shipped", "delivered"]
Total = Annotated[int, Meta(ge=0, le=2**63 - 1, description="Minor units of the order's currency.", examples=[1000])]


class OrderFilters(ListParameters, frozen=True):
    """Which orders, and in what order."""

    status: Status | None = None
    customer: CustomerId | None = None
    sku: Annotated[Sku, Meta(description="Orders with a line of this SKU.")] | None = None
    reference: Reference | None = None
    placed_from: Annotated[datetime, Meta(tz=True, description="Placed then or later.")] | None = None
    placed_to: Annotated[datetime, Meta(tz=True, description="Placed before then.")] | None = None
    min_total: Total | None = None
    max_total: Total | None = None
    currency: Currency | None = None
    q: (
        Annotated[
            SearchText,
            Meta(
                description=f"{WORDS} Of the order's reference, its products' SKUs and present names, its customer's"
                " present name and e-mail address."
            ),
        ]
        | None
    ) = None
    sort: Literal["placed_at", "-placed_at", "total", "-total"] = "-placed_at"


class OrderCustomer(Struct, frozen=True):
    """Whose order it is; no name while the read model has not seen the customer."""

    id: str
    name: str | None


class OrderSummary(Struct, frozen=True, kw_only=True):
    """An order as lists show it."""

    id: str
    version: Version
    reference: str | None
    status: Status
    customer: OrderCustomer
    currency: str
    total: Money
    quantity: Annotated[int, Meta(description="Pieces, over all lines.")]
    line_count: int
    placed_at: Timestamp
    updated_at: Timestamp


class OrderLine(Struct, frozen=True, kw_only=True):
    """One line.

    `name` is the product's name now, or as it was at placing while the read model does not know the product;
    `available` is what can be promised of it now, or null while its stock is not known.
    """

    line_no: Annotated[int, Meta(ge=1)]
    sku: str
    name: str
    quantity: int
    unit_price: Money
    amount: Money
    available: int | None


class Shortage(Struct, frozen=True):
    """A SKU that kept an order from being confirmed."""

    sku: str
    requested: int
    available: int


class OrderDetail(OrderSummary, frozen=True, kw_only=True):
    """An order with its lines."""

    reason: Annotated[str | None, Meta(description="Why it was cancelled, if anybody said.")]
    shortages: list[Shortage]
    lines: list[OrderLine]


class TimelineEntry(Struct, frozen=True, kw_only=True):
    """One commit about the order: in orders, or in inventory, which reserves its goods."""

    service: str
    id: str
    version: Version
    at: Timestamp
    command: str
    actor: str
    events: list[dict[str, Any]]


class OrderTimeline(Struct, frozen=True, kw_only=True):
    """All that happened to an order, oldest first.

    `incomplete`: versions of it or of its reservation are missing. They have not come through the stream yet, or it
    was lost.
    """

    id: str
    customer_id: str
    incomplete: bool
    entries: list[TimelineEntry]
