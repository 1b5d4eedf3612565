"""The parameters and the answers of the queries about orders."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from chalicelib.core.queries.answers import Timestamp, Version
from chalicelib.core.queries.listing import ListParameters
from chalicelib.core.queries.search import MATCHING, SearchText
from chalicelib.vocabulary import Currency, CustomerId, Money, Reference, Sku

OrderStatus = Literal["placed", "confirmed", "rejected", "cancelled", "shipped", "delivered"]
Total = Annotated[int, Meta(ge=0, le=2**63 - 1, description="Minor units of the order's currency.", examples=[1000])]


class OrderFilters(ListParameters, frozen=True):
    """The filters and the sort of a list of orders."""

    status: OrderStatus | None = None
    customer: CustomerId | None = None
    sku: Annotated[Sku, Meta(description="Only orders with a line of this SKU.")] | None = None
    reference: Reference | None = None
    placed_from: Annotated[datetime, Meta(tz=True, description="Only orders placed at this time or later.")] | None = (
        None
    )
    placed_to: Annotated[datetime, Meta(tz=True, description="Only orders placed before this time.")] | None = None
    min_total: Total | None = None
    max_total: Total | None = None
    currency: Currency | None = None
    q: (
        Annotated[
            SearchText,
            Meta(
                description=f"{MATCHING} Searches the order's reference, the SKUs and names of its products, and the"
                " name and e-mail address of its customer, as they are now."
            ),
        ]
        | None
    ) = None
    sort: Literal["placed_at", "-placed_at", "total", "-total"] = "-placed_at"


class OrderCustomer(Struct, frozen=True):
    """The customer of an order. The name is null while the read model does not know the customer."""

    id: str
    name: str | None


class OrderSummary(Struct, frozen=True, kw_only=True):
    """An order in a list."""

    id: str
    version: Version
    reference: str | None
    status: OrderStatus
    customer: OrderCustomer
    currency: str
    total: Money
    quantity: Annotated[int, Meta(description="Number of pieces in all lines.")]
    line_count: int
    placed_at: Timestamp
    updated_at: Timestamp


class OrderLine(Struct, frozen=True, kw_only=True):
    """A line of an order.

    `name` is the product's current name. While the read model does not know the product, it is the name at the time of
    the order. `available` is the number of pieces that are available now, or null while the stock is not known.
    """

    line_no: Annotated[int, Meta(ge=1)]
    sku: str
    name: str
    quantity: int
    unit_price: Money
    amount: Money
    available: int | None


class Shortage(Struct, frozen=True):
    """A SKU of which too few pieces were available."""

    sku: str
    requested: int
    available: int


class OrderDetail(OrderSummary, frozen=True, kw_only=True):
    """An order with its lines."""

    reason: Annotated[str | None, Meta(description="Why the order was cancelled. Null if no reason was given.")]
    shortages: list[Shortage]
    lines: list[OrderLine]
