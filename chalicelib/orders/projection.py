"""How orders become rows, and what they contribute to the summaries of sales."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated
from zlib import crc32

import msgspec
from msgspec import Meta

from chalicelib.core.fields import Name, Note
from chalicelib.core.service import Head, Projection, Row, Rows, RowVersion, Summary, Table, word_rows, word_table
from chalicelib.core.times import to_utc
from chalicelib.orders.commands import MAX_LINES
from chalicelib.vocabulary import Currency, CustomerId, OrderId, Reference, Sku

# Orders that count as sales.
SOLD = frozenset({"confirmed", "shipped", "delivered"})
# All transactions would lock today's row of a bestseller at once. So each product and day has this many rows, and
# a read adds them up. A change of this number needs a rebuild of the summaries.
BUCKETS = 4


LineNumber = Annotated[int, Meta(ge=1, le=MAX_LINES)]


class OrderRow(Row, frozen=True):
    """A row of `orders`; `shortages` is JSON."""

    id: OrderId
    version: RowVersion
    reference: Reference | None
    customer_id: CustomerId
    status: Annotated[str, Meta(max_length=16)]
    reason: Note | None
    shortages: str | None
    currency: Currency
    total: int
    quantity: int
    line_count: LineNumber
    placed_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


class LineRow(Row, frozen=True):
    """A row of `order_lines`."""

    order_id: OrderId
    line_no: LineNumber
    sku: Sku
    name: Name
    quantity: int
    unit_price: int
    amount: int
    placed_at: datetime


class ProductSalesRow(Row, frozen=True):
    """A row of `sales_by_product`: the sales of a product on a day."""

    day: date
    currency: Currency
    sku: Sku
    bucket: Annotated[int, Meta(ge=0, lt=BUCKETS)]
    orders: int
    quantity: int
    amount: int


class CustomerSalesRow(Row, frozen=True):
    """A row of `sales_by_customer`: the sales to a customer on a day."""

    day: date
    currency: Currency
    customer_id: CustomerId
    orders: int
    quantity: int
    amount: int


class CustomerSpendRow(Row, frozen=True):
    """A row of `customer_spend`: all sales to a customer."""

    customer_id: CustomerId
    currency: Currency
    order_count: int
    spend: int
    last_order_at: datetime


ORDERS = Table("orders", OrderRow, key=("id",))
LINES = Table("order_lines", LineRow, key=("order_id", "line_no"))
WORDS = word_table("order_words")
SALES_BY_PRODUCT = Table("sales_by_product", ProductSalesRow, key=("day", "currency", "sku", "bucket"))
SALES_BY_CUSTOMER = Table("sales_by_customer", CustomerSalesRow, key=("day", "currency", "customer_id"))
CUSTOMER_SPEND = Table("customer_spend", CustomerSpendRow, key=("customer_id", "currency"))

Lines = Mapping[str, Sequence[LineRow]]


def rows(head: Head) -> Rows:
    """Return one row for the order, one for each line, and one for each word of its reference.

    A search for a word of its customer or of a product uses the words that customers and products have in their rows.
    """
    found_by = word_rows(head.id, head.state.get("reference"))
    return Rows(_order(head), {LINES.name: _lines(head), WORDS.name: found_by})


def _order(head: Head) -> OrderRow:
    state, at = head.state, to_utc(head.at)
    lines, shortages = state["lines"], state.get("shortages")
    return OrderRow(
        id=head.id,
        version=head.version,
        reference=state.get("reference"),
        customer_id=state["customer_id"],
        status=state["status"],
        reason=state.get("reason"),
        shortages=msgspec.json.encode(shortages).decode() if shortages else None,
        currency=state["currency"],
        total=state["total"],
        quantity=sum([line["quantity"] for line in lines]),
        line_count=len(lines),
        placed_at=to_utc(state["placed_at"]),
        updated_at=at,
        deleted_at=at if head.deleted else None,
    )


def _lines(head: Head) -> list[LineRow]:
    names, placed_at = head.state["products"], to_utc(head.state["placed_at"])
    return [
        LineRow(
            order_id=head.id,
            line_no=number,
            sku=line["sku"],
            name=names[line["sku"]],
            quantity=line["quantity"],
            unit_price=line["unit_price"],
            amount=line["quantity"] * line["unit_price"],
            placed_at=placed_at,
        )
        for number, line in enumerate(head.state["lines"], start=1)
    ]


def _product_sales(order: OrderRow, children: Lines) -> Iterator[ProductSalesRow]:
    """An order counts once for each product that it holds."""
    if order.status not in SOLD:
        return
    sums: dict[str, tuple[int, int]] = {}
    for line in children[LINES.name]:
        quantity, amount = sums.get(line.sku, (0, 0))
        sums[line.sku] = (quantity + line.quantity, amount + line.amount)
    day, bucket = order.placed_at.date(), crc32(order.id.encode()) % BUCKETS
    for sku, (quantity, amount) in sums.items():
        yield ProductSalesRow(
            day=day, currency=order.currency, sku=sku, bucket=bucket, orders=1, quantity=quantity, amount=amount
        )


def _customer_sales(order: OrderRow, _: Lines) -> Iterator[CustomerSalesRow]:
    if order.status in SOLD:
        yield CustomerSalesRow(
            day=order.placed_at.date(),
            currency=order.currency,
            customer_id=order.customer_id,
            orders=1,
            quantity=order.quantity,
            amount=order.total,
        )


def _customer_spend(order: OrderRow, _: Lines) -> Iterator[CustomerSpendRow]:
    """The last order may have any status. Count and spend cover sold orders only."""
    sold = order.status in SOLD
    yield CustomerSpendRow(
        customer_id=order.customer_id,
        currency=order.currency,
        order_count=1 if sold else 0,
        spend=order.total if sold else 0,
        last_order_at=order.placed_at,
    )


# The same sums in SQL. `ops verify` compares them, `--repair` writes them.
_SOLD = "status IN ('{}')".format("', '".join(sorted(SOLD)))
_PRODUCT_SUMS = f"""
  SELECT DATE(o.placed_at) AS day, o.currency AS currency, l.sku AS sku, CRC32(o.id) % {BUCKETS} AS bucket,
    COUNT(DISTINCT o.id) AS orders, SUM(l.quantity) AS quantity, SUM(l.amount) AS amount
  FROM {{orders}} o JOIN {{order_lines}} l ON l.order_id = o.id WHERE o.{_SOLD}
  GROUP BY DATE(o.placed_at), o.currency, l.sku, CRC32(o.id) % {BUCKETS}"""  # noqa: S608  (literals)
_CUSTOMER_SUMS = f"""
  SELECT DATE(placed_at) AS day, currency, customer_id, COUNT(*) AS orders, SUM(quantity) AS quantity,
    SUM(total) AS amount
  FROM {{orders}} WHERE {_SOLD} GROUP BY DATE(placed_at), currency, customer_id"""  # noqa: S608  (literals)
_SPEND_SUMS = f"""
  SELECT customer_id, currency, SUM({_SOLD}) AS order_count, SUM(IF({_SOLD}, total, 0)) AS spend,
    MAX(placed_at) AS last_order_at
  FROM {{orders}} GROUP BY customer_id, currency"""  # noqa: S608  (literals)

PROJECTION = Projection(
    root=ORDERS,
    rows=rows,
    children=(LINES, WORDS),
    # Written in this order: rows that many transactions need are locked last, and so held for the shortest time.
    summaries=(
        Summary(CUSTOMER_SPEND, _customer_spend, _SPEND_SUMS, greatest=("last_order_at",)),
        Summary(SALES_BY_CUSTOMER, _customer_sales, _CUSTOMER_SUMS),
        Summary(SALES_BY_PRODUCT, _product_sales, _PRODUCT_SUMS),
    ),
)
