"""Batches of stream records in the proportions of a shop. The same number of orders always gives the same records.

An order is placed, the stock of its three products is reserved, and it is confirmed. For every fourth order a customer
is registered. A batch holds the records of one service, as Lambda delivers them.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.bootstrap import SERVICES as ALL_SERVICES
from chalicelib.core.dynamodb.codec import item_of
from chalicelib.core.service import Head
from chalicelib.core.times import iso

Record = Mapping[str, Any]
Batches = Sequence[Sequence[Record]]
PREFIX = "bench-"
SERVICES = {f"{PREFIX}{name}": ALL_SERVICES[name] for name in ("orders", "inventory", "customers")}
PRODUCTS = 3000
_LINES = 3
_CUSTOMER_EVERY = 4
_BEGINNING = datetime(2026, 1, 1)
_ON_HAND = 1_000_000


def batches(orders: int, size: int) -> Batches:
    """Yield the records of that many orders, in batches of at most `size` records of one service.

    The batches take turns as they do in a shop: placed orders are reserved, and then confirmed.
    """
    stock: dict[str, tuple[int, int]] = {}
    found: list[list[Record]] = []
    for start in range(0, orders, size):
        numbers = range(start, min(start + size, orders))
        streams = (
            [registered(number // _CUSTOMER_EVERY) for number in numbers if number % _CUSTOMER_EVERY == 0],
            [placed(number) for number in numbers],
            [each for number in numbers for each in reserved(number, stock)],
            [confirmed(number) for number in numbers],
        )
        for stream in streams:
            found += [stream[first : first + size] for first in range(0, len(stream), size)]
    return found


def newest_items(found: Batches) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the table's name and the newest item of each aggregate, as the write store has them in the end."""
    newest: dict[tuple[str, str], Mapping[str, Any]] = {}
    for batch in found:
        for raw in batch:
            image = raw["dynamodb"]["NewImage"]
            newest[table_of(raw), image["id"]["S"]] = image
    return ((table, image) for (table, _), image in newest.items())


def table_of(raw: Record) -> str:
    """Return the name of the table whose stream a record comes from."""
    return str(raw["eventSourceARN"]).partition(":table/")[2].partition("/")[0]


def order_id(number: int) -> str:
    """Return the id of an order."""
    return f"ord_{number:026}"


def placed_state(number: int, status: str = "placed") -> dict[str, Any]:
    """Return the state of an order of three lines."""
    lines = [{"sku": _sku(number, n), "quantity": n + 1, "unit_price": 295 + n + number % 50} for n in range(_LINES)]
    return {
        "customer_id": f"cus_{number % 4000:026}",
        "currency": "GBP",
        "total": sum(line["quantity"] * line["unit_price"] for line in lines),  # type: ignore[operator]
        "reference": str(500_000 + number),
        "status": status,
        "placed_at": _at(number),
        "products": {line["sku"]: f"WHITE HANGING HEART {line['sku']}" for line in lines},
        "lines": lines,
    }


def placed(number: int) -> Record:
    """Return the record of an order that was placed."""
    state = placed_state(number)
    facts = {name: state[name] for name in ("customer_id", "currency", "total", "placed_at", "reference")}
    return _record("orders", order_id(number), 1, state, ("OrderPlaced", facts), "orders.place", number)


def confirmed(number: int) -> Record:
    """Return the record of the same order when it was confirmed."""
    state = placed_state(number, "confirmed")
    return _record("orders", order_id(number), 2, state, ("OrderConfirmed", {}), "orders.confirm", number)


def reserved(number: int, stock: dict[str, tuple[int, int]]) -> Iterator[Record]:
    """Return the records of the order's reservation. `stock` has the version and the reserved pieces of each SKU."""
    order = order_id(number)
    pieces = {line["sku"]: line["quantity"] for line in placed_state(number)["lines"]}
    for sku, quantity in pieces.items():
        version, before = stock.get(sku, (1, 0))
        stock[sku] = version + 1, before + quantity
        state = {"on_hand": _ON_HAND, "reserved": before + quantity}
        event = "StockReserved", {"order_id": order, "quantity": quantity}
        yield _record("inventory", sku, version + 1, state, event, "inventory.reserve", number)
    made = {"order_id": order, "lines": pieces}
    state = {"status": "reserved", "lines": pieces}
    yield _record("inventory", f"res#{order}", 1, state, ("ReservationMade", made), "inventory.reserve", number)


def registered(number: int) -> Record:
    """Return the record of a customer that was registered."""
    state = {
        "name": f"Adelaide Blythe {number}",
        "email": f"adelaide.blythe.{number}@example.com",
        "country": "United Kingdom",
        "created_at": _at(number),
    }
    facts = ("CustomerRegistered", state)
    return _record("customers", f"cus_{number:026}", 1, state, facts, "customers.register", number)


def _sku(number: int, line: int) -> str:
    """Return a SKU. Neighbouring orders share no product, and a product is in one order of a thousand."""
    return f"SKU{(number * 7 + line * 1009) % PRODUCTS:05}"


def _at(number: int) -> str:
    """Return a time. There is about one order a minute."""
    return iso(_BEGINNING + timedelta(seconds=number * 53))


def _record(
    service: str, id: str, version: int, state: dict[str, Any], event: tuple[str, dict[str, Any]], command: str, n: int
) -> Record:
    kind, data = event
    events = [{"type": kind, "data": data}]
    commit = f"{service}-{version}-{n:020}"
    head = Head(id, version, state, events, commit, f"cus_{n % 4000:026}", command, _at(n), correlation=f"req-{n:026}")
    sequence = str(10**20 + n * 10 + version)
    return {
        "eventID": sequence,
        "eventName": "INSERT" if version == 1 else "MODIFY",
        "eventSourceARN": f"arn:aws:dynamodb:eu-west-1:000000000000:table/{PREFIX}{service}/stream/1",
        "dynamodb": {"Keys": {"id": {"S": id}}, "NewImage": item_of(head), "SequenceNumber": sequence},
    }
