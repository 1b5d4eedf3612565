"""The rows of an item, written by hand, for the peers that write them.

They use no locks and no versions: unlike the projector, these peers count an order twice if its record comes twice.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chalicelib.core.words import words

Item = Mapping[str, Any]
PlainRow = dict[str, Any]
# Values of these columns are added to the existing ones. Values of all other columns replace the existing ones.
ADDED = {
    "customer_spend": ("order_count", "spend"),
    "sales_by_customer": ("orders", "quantity", "amount"),
    "sales_by_product": ("orders", "quantity", "amount"),
}
KEYS = {
    "customers": ("id",),
    "customer_words": ("id", "word"),
    "stock": ("sku",),
    "orders": ("id",),
    "order_words": ("id", "word"),
    "order_lines": ("order_id", "line_no"),
    "timeline": ("service", "id", "version"),
    "customer_spend": ("customer_id", "currency"),
    "sales_by_customer": ("day", "currency", "customer_id"),
    "sales_by_product": ("day", "currency", "sku", "bucket"),
}


def rows_of(service: str, item: Item) -> Iterator[tuple[str, PlainRow]]:
    """Yield the tables and the rows that a commit writes."""
    yield from _ROWS[service](item)
    yield (
        "timeline",
        {
            "service": service,
            "id": item["id"],
            "version": int(item["version"]),
            "at": _time(item["at"]),
            "command": item["command"],
            "actor": item["actor"],
            "commit_id": item["commit"],
            "events": json.dumps(item["events"], default=int),
            "correlation_id": item.get("correlation", ""),
        },
    )


def _customer(item: Item) -> Iterator[tuple[str, PlainRow]]:
    state = item["state"]
    yield (
        "customers",
        {
            "id": item["id"],
            "version": int(item["version"]),
            "name": state["name"],
            "email": state["email"],
            "country": state.get("country"),
            "created_at": _time(state["created_at"]),
            "updated_at": _time(item["at"]),
        },
    )
    for word in words(state["name"], state["email"]):
        yield "customer_words", {"id": item["id"], "word": word}


def _stock(item: Item) -> Iterator[tuple[str, PlainRow]]:
    if item["id"].startswith("res#"):
        return
    on_hand, reserved = int(item["state"]["on_hand"]), int(item["state"]["reserved"])
    yield (
        "stock",
        {
            "sku": item["id"],
            "version": int(item["version"]),
            "on_hand": on_hand,
            "reserved": reserved,
            "available": on_hand - reserved,
            "updated_at": _time(item["at"]),
        },
    )


def _order(item: Item) -> Iterator[tuple[str, PlainRow]]:
    state, events = item["state"], {event["type"] for event in item["events"]}
    lines = state["lines"]
    quantity = int(sum(line["quantity"] for line in lines))
    yield (
        "orders",
        {
            "id": item["id"],
            "version": int(item["version"]),
            "reference": state["reference"],
            "customer_id": state["customer_id"],
            "status": state["status"],
            "currency": state["currency"],
            "total": int(state["total"]),
            "quantity": quantity,
            "line_count": len(lines),
            "placed_at": _time(state["placed_at"]),
            "updated_at": _time(item["at"]),
        },
    )
    if "OrderPlaced" in events:
        yield from _placed(item)
    sold = "OrderConfirmed" in events
    spend = {"order_count": int(sold), "spend": int(state["total"]) if sold else 0}
    who = {"customer_id": state["customer_id"], "currency": state["currency"]}
    yield "customer_spend", {**who, **spend, "last_order_at": _time(state["placed_at"])}
    if sold:
        yield from _sold(item, quantity)


def _placed(item: Item) -> Iterator[tuple[str, PlainRow]]:
    state = item["state"]
    for word in words(state["reference"]):
        yield "order_words", {"id": item["id"], "word": word}
    for number, line in enumerate(state["lines"], start=1):
        yield (
            "order_lines",
            {
                "order_id": item["id"],
                "line_no": number,
                "sku": line["sku"],
                "name": state["products"][line["sku"]],
                "quantity": int(line["quantity"]),
                "unit_price": int(line["unit_price"]),
                "amount": int(line["quantity"] * line["unit_price"]),
                "placed_at": _time(state["placed_at"]),
            },
        )


def _sold(item: Item, quantity: int) -> Iterator[tuple[str, PlainRow]]:
    state = item["state"]
    day, currency = state["placed_at"][:10], state["currency"]
    sums = {"orders": 1, "quantity": quantity, "amount": int(state["total"])}
    yield "sales_by_customer", {"day": day, "currency": currency, "customer_id": state["customer_id"], **sums}
    for line in state["lines"]:
        pieces = int(line["quantity"])
        sums = {"orders": 1, "quantity": pieces, "amount": int(pieces * line["unit_price"])}
        yield "sales_by_product", {"day": day, "currency": currency, "sku": line["sku"], "bucket": 0, **sums}


def _time(text: str) -> str:
    """Return an ISO 8601 time in UTC as MySQL accepts it."""
    return text[:-1]


_ROWS: Mapping[str, Callable[[Item], Iterator[tuple[str, PlainRow]]]] = {
    "customers": _customer,
    "inventory": _stock,
    "orders": _order,
}


def upsert(table: str, columns: tuple[str, ...]) -> str:
    """Return an INSERT with named placeholders, which PyMySQL's executemany turns into multi-row statements."""
    added = ADDED.get(table, ())
    changed = [column for column in columns if column not in KEYS[table]] or KEYS[table][:1]
    changes = ", ".join(
        f"{name} = {name} + VALUES({name})" if name in added else f"{name} = VALUES({name})" for name in changed
    )
    marks = ", ".join(f"%({name})s" for name in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) ON DUPLICATE KEY UPDATE {changes}"
