"""How a line of the file becomes a sale, or is skipped for a stated reason."""

import re
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from demo.seed.table import RetailLine

CURRENCY = "GBP"
_GREATEST_QUANTITY = 1_000_000
_GREATEST_PRICE = 1_000_000_000  # in pence
_LONGEST_SKU = 64
_NOT_IN_A_SKU = re.compile(r"[^A-Za-z0-9._-]")
_INVOICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,55}")  # leaves room for "/2" in a reference of 64
_CUSTOMER = re.compile(r"[0-9]{1,20}")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,9})?")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_NOT_PRINTABLE = re.compile(r"[\x00-\x1f\x7f]+")


class Reason(StrEnum):
    """A reason why a line is skipped. The members are in the order in which they are checked."""

    CANCELLED = "of cancellations"
    NO_CUSTOMER = "without a customer"
    QUANTITY = "without a positive quantity"
    PRICE = "without a positive price"
    PENCE = "not priced in whole pence"
    UNUSABLE = "unreadable or outside the API's limits"

    @property
    def is_odd(self) -> bool:
        """Whether a person should see which lines they are."""
        return self in (Reason.PENCE, Reason.UNUSABLE)


class Skipped(NamedTuple):
    """A line that is not a sale. `worth` is quantity x price in pounds, or 0 if they cannot be read."""

    line: RetailLine
    reason: Reason
    worth: Decimal


class Sale(NamedTuple):
    """A line that is a sale. Times are in ISO 8601, UTC. Prices are in pence."""

    invoice: str
    placed_at: str
    customer: str
    country: str
    stock_code: str
    sku: str
    name: str
    quantity: int
    unit_price: int


def sale_of(line: RetailLine) -> Sale | Skipped:
    """Return the sale that a line describes, or the reason why it is not a sale."""
    quantity, price = _number(line.quantity), _number(line.unit_price)
    if quantity is None or price is None:
        return Skipped(line, _reason_of_kind(line) or Reason.UNUSABLE, Decimal())
    moment = _moment(line.invoiced_at)
    reason = _reason_of_kind(line) or _reason_of_amount(quantity, price)
    if reason is None and not (moment and _usable(line, quantity, price)):
        reason = Reason.UNUSABLE
    if reason is not None:
        return Skipped(line, reason, quantity * price)
    sku = sku_of(line.stock_code)
    return Sale(
        invoice=line.invoice,
        placed_at=moment,
        customer=line.customer,
        country=_clean(line.country, 60),
        stock_code=line.stock_code,
        sku=sku,
        name=_clean(line.description, 200) or sku,
        quantity=int(quantity),
        unit_price=int(price * 100),
    )


def sku_of(stock_code: str) -> str:
    """Return the SKU of a stock code: '-' for each character that a SKU cannot have, and X before an odd first one."""
    sku = _NOT_IN_A_SKU.sub("-", stock_code)
    return sku if sku[:1].isalnum() else f"X{sku}"


def _reason_of_kind(line: RetailLine) -> Reason | None:
    if line.invoice.startswith("C"):
        return Reason.CANCELLED
    return None if line.customer else Reason.NO_CUSTOMER


def _reason_of_amount(quantity: Decimal, price: Decimal) -> Reason | None:
    if quantity <= 0:
        return Reason.QUANTITY
    if price <= 0:
        return Reason.PRICE
    return Reason.PENCE if price * 100 % 1 else None


def _usable(line: RetailLine, quantity: Decimal, price: Decimal) -> bool:
    """Return whether the API accepts the line's values."""
    return (
        quantity % 1 == 0
        and quantity <= _GREATEST_QUANTITY
        and price * 100 <= _GREATEST_PRICE
        and 0 < len(line.stock_code) < _LONGEST_SKU
        and bool(_INVOICE.fullmatch(line.invoice))
        and bool(_CUSTOMER.fullmatch(line.customer))
    )


def _number(text: str) -> Decimal | None:
    """Return the exact number, or None for text that is no number or has too many digits for exact sums in Decimal."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _moment(text: str) -> str:
    """Return a time such as 2010-12-01 08:26:00, taken as UTC, in RFC 3339; "" for text that is no time."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return ""
    return f"{text[:10]}T{text[11:]}.000Z" if _MOMENT.fullmatch(text) else ""


def _clean(text: str, longest: int) -> str:
    """Return text without control characters and outer spaces, cut to the API's limit."""
    return _NOT_PRINTABLE.sub(" ", text).strip()[:longest].strip()
