"""A made-up service of two kinds of aggregate, both with a prefix: invoices have rows, payments have none."""

from datetime import datetime
from typing import Any

from chalicelib.core.decider import State
from chalicelib.core.service import Aggregate, FollowUp, Head, Policy, Projection, Row, Rows, Service, Table
from chalicelib.core.times import to_utc

CREATE_TABLE = """CREATE TABLE invoices (
  id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  version BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  deleted_at DATETIME(3) NULL
)"""


class InvoiceRow(Row, frozen=True):
    """A row of `invoices`."""

    id: str
    version: int
    amount: int
    deleted_at: datetime | None


INVOICES = Table("invoices", InvoiceRow, key=("id",))


class Invoice(State, frozen=True):
    """An amount that is owed."""

    amount: int


class Payment(State, frozen=True):
    """An amount that was paid."""

    amount: int


def rows(head: Head) -> Rows:
    """Return one row for an invoice. A payment would get a row too, but the projector never asks for one."""
    deleted_at = to_utc(head.at) if head.deleted else None
    return Rows(InvoiceRow(id=head.id, version=head.version, amount=head.state["amount"], deleted_at=deleted_at))


def thank(head: Head) -> list[FollowUp]:
    """Ask for nothing, whatever has changed."""
    return []


def service(**changes: Any) -> Service:
    """Return the service. `changes` replaces parts of its declaration."""
    declared: dict[str, Any] = {
        "name": "billing",
        "aggregates": (
            Aggregate("invoice", Invoice, lambda _, event: Invoice(amount=event.amount), prefix="inv_"),
            Aggregate(
                "payment", Payment, lambda _, event: Payment(amount=event.amount), prefix="pay_", projected=False
            ),
        ),
        "decide": lambda *_: {},
        "projection": Projection(INVOICES, rows),
        "policies": (Policy("billing", thank),),
    }
    return Service(**{**declared, **changes})


BILLING = service()
