"""The shop's made-up write models for the projector and the queries. tests/core/histories.py has the rest."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from chalicelib.bootstrap import SERVICES as BY_NAME
from chalicelib.core.service import Head, Projection, Service
from tests.core import histories
from tests.core.histories import START, head, heartbeat, iso, record, sequence_of

__all__ = [
    "PROJECTIONS",
    "SERVICES",
    "START",
    "fold",
    "head",
    "heartbeat",
    "iso",
    "order_state",
    "record",
    "sequence_of",
]

SERVICES: Mapping[str, Service] = MappingProxyType({f"test-{name}": service for name, service in BY_NAME.items()})
"""By the name of their table."""
PROJECTIONS: Mapping[str, Projection] = MappingProxyType(
    {name: service.projection for name, service in BY_NAME.items()}
)


def order_state(
    status: str = "placed", lines: Iterable[tuple[str, int, int]] = (("A", 2, 150),), **changes: Any
) -> dict[str, Any]:
    """Return an order's state with lines (sku, quantity, unit price)."""
    listed: list[dict[str, Any]] = [
        {"sku": sku, "quantity": quantity, "unit_price": price} for sku, quantity, price in lines
    ]
    state = {
        "customer_id": "cus_1",
        "reference": None,
        "status": status,
        "currency": "GBP",
        "total": sum(line["quantity"] * line["unit_price"] for line in listed),
        "placed_at": iso(START),
        "products": {line["sku"]: f"Product {line['sku']}" for line in listed},
        "lines": listed,
    }
    return {**state, **changes}


def fold(heads: Iterable[tuple[str, Head]]) -> dict[str, set[tuple[Any, ...]]]:
    """Return the base tables and the timeline that should result from those commits (service, head)."""
    return histories.fold(heads, BY_NAME)
