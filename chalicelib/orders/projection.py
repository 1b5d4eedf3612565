"""How orders become rows, and what they add to the summaries of sales."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zlib import crc32

import msgspec

from chalicelib.core.service import Head, Projection, Row, Rows, Summary, Table
from chalicelib.core.times import to_utc

# Orders that count as sales.
SOLD = frozenset({"confirmed", "shipped", "delivered"})
# A bestseller's row of today would be wanted by all transactions at once, so each product and day has this
# many rows that a read adds up. Changing it needs the summaries to be rebuilt.
BUCKETS = 4

ORDERS = Table(
    name="orders",
    key=("id",),
    columns=(
        "id",
        "version",
        "reference",
        "customer_id",
        "status",
        "reason",
        "shortages",
        "currency",
        "total",
        "quantity",
        "line_count",
        "placed_at",
        "updated_at",
        "deleted_at",
        "search_text",
    ),
)
LINES = Table(
    name="order_lines",
    key=("order_id", "line_no"),
    columns=("order_id", "line_no", "sku", "name", "quantity", "unit_price", "amount", "placed_at"),
)
SALES_BY_PRODUCT = Table(
    name="sales_by_product",
    key=("day", "currency", "sku", "bucket"),
    columns=("day", "currency", "sku", "bucket", "orders", "quantity", "amount"),
)
SALES_BY_CUSTOMER = Table(
    name="sales_by_customer",
    key=("day", "currency", "customer_id"),
    columns=("day", "currency", "customer_id", "orders", "quantity", "amount"),
)
CUSTOMER_SPEND = Table(
    name="customer_spend",
    key=("customer_id", "currency"),
    columns=("customer_id", "currency", "order_count", "spend", "last_order_at"),
)

Children = Mapping[str, Sequence[Mapping[str, Any]]]


def rows(head: Head) -> Rows:
    """One row an order, and one a line."""
    return Rows(_order(head), {LINES.name: _lines(head)})


def _order(head: Head) -> Row:
    state, at = head.state, to_utc(head.at)
    lines, shortages = state["lines"], state.get("shortages")
    return (
        head.id,
        head.version,
        state.get("reference"),
        state["customer_id"],
        state["status"],
        state.get("reason"),
        msgspec.json.encode(shortages).decode() if shortages else None,
        state["currency"],
        state["total"],
        sum([line["quantity"] for line in lines]),
        len(lines),
        to_utc(state["placed_at"]),
        at,
        at if head.deleted else None,
        _search_text(state),
    )


def _search_text(state: Mapping[str, Any]) -> str:
    """All that a person may look an order up by: its reference, the customer's name, its products."""
    words = [state.get("reference") or "", state["customer_name"]]
    for sku, name in state["products"].items():
        words += (sku, name)
    return " ".join(words).strip()


def _lines(head: Head) -> list[Row]:
    names, placed_at = head.state["products"], to_utc(head.state["placed_at"])
    found: list[Row] = []
    for number, line in enumerate(head.state["lines"], start=1):
        sku, quantity, price = line["sku"], line["quantity"], line["unit_price"]
        found.append((head.id, number, sku, names[sku], quantity, price, quantity * price, placed_at))
    return found


def _product_sales(order: Mapping[str, Any], children: Children) -> Iterator[tuple[Row, Row]]:
    """An order counts once for each product that it holds."""
    if order["status"] not in SOLD:
        return
    day, currency, bucket = order["placed_at"].date(), order["currency"], crc32(order["id"].encode()) % BUCKETS
    sums: dict[str, tuple[int, int]] = {}
    for line in children[LINES.name]:
        quantity, amount = sums.get(line["sku"], (0, 0))
        sums[line["sku"]] = (quantity + line["quantity"], amount + line["amount"])
    for sku, (quantity, amount) in sums.items():
        yield (day, currency, sku, bucket), (1, quantity, amount)


def _customer_sales(order: Mapping[str, Any], _children: Children) -> Iterator[tuple[Row, Row]]:
    if order["status"] in SOLD:
        day: datetime = order["placed_at"]
        yield (day.date(), order["currency"], order["customer_id"]), (1, order["quantity"], order["total"])


def _customer_spend(order: Mapping[str, Any], _children: Children) -> Iterator[tuple[Row, Row]]:
    """The last order counts whatever became of it; count and spend are of what was sold."""
    count, spend = (1, order["total"]) if order["status"] in SOLD else (0, 0)
    yield (order["customer_id"], order["currency"]), (count, spend, order["placed_at"])


# What the functions above add up, in SQL: `ops verify` compares, `--repair` sets.
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
    children=(LINES,),
    # Written in this order: the rows that most transactions want are locked last, and so held shortest.
    summaries=(
        Summary(CUSTOMER_SPEND, _customer_spend, _SPEND_SUMS, greatest=("last_order_at",)),
        Summary(SALES_BY_CUSTOMER, _customer_sales, _CUSTOMER_SUMS),
        Summary(SALES_BY_PRODUCT, _product_sales, _PRODUCT_SUMS),
    ),
)
