"""The second pass: sales become invoices, invoices become orders."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from demo.seed.rules import Sale
from demo.seed.table import BadFile

MOST_SKUS = 99
MOST_LINES = 1_000


class SeedOrderLine(NamedTuple):
    """A line of an order. unit_price is in pence."""

    sku: str
    quantity: int
    unit_price: int


class SeedOrder(NamedTuple):
    """The body of POST /orders, but with the file's number of the customer."""

    reference: str
    customer: str
    placed_at: str
    lines: tuple[SeedOrderLine, ...]

    @property
    def total(self) -> int:
        """The order's total in pence."""
        return sum(line.quantity * line.unit_price for line in self.lines)


def invoices(sales: Iterable[Sale], line_counts: Mapping[str, int]) -> Iterator[list[Sale]]:
    """Yield the sales of each invoice, as soon as the invoice's last line was read.

    Args:
        sales: the sales in the file's order; an invoice's lines need not follow each other.
        line_counts: invoice -> number of its sales, from the first pass.

    Raises:
        BadFile: the file has changed since the first pass.
    """
    incomplete: dict[str, list[Sale]] = {}
    complete = 0
    for sale in sales:
        lines = incomplete.setdefault(sale.invoice, [])
        lines.append(sale)
        if len(lines) == line_counts.get(sale.invoice, 0):
            complete += 1
            yield incomplete.pop(sale.invoice)
    if incomplete or complete != len(line_counts):
        raise BadFile("the file changed while it was read; start again")


def orders_of(invoice: Sequence[Sale]) -> list[SeedOrder]:
    """Yield the orders of an invoice: one, or as many as its SKUs and lines need.

    Raises:
        BadFile: the invoice names two customers.
    """
    first = invoice[0]
    others = {sale.customer for sale in invoice} - {first.customer}
    if others:
        raise BadFile(f"invoice {first.invoice} names the customers {first.customer} and {', '.join(sorted(others))}")
    return [
        SeedOrder(first.invoice if part == 1 else f"{first.invoice}/{part}", first.customer, first.placed_at, lines)
        for part, lines in enumerate(_parts(invoice), start=1)
    ]


def _parts(invoice: Sequence[Sale]) -> Iterator[tuple[SeedOrderLine, ...]]:
    """Yield the lines in parts. A part ends before the line that would be one SKU or one line too many."""
    part: list[SeedOrderLine] = []
    skus: set[str] = set()
    for sale in invoice:
        if len(part) == MOST_LINES or (len(skus) == MOST_SKUS and sale.sku not in skus):
            yield tuple(part)
            part, skus = [], set()
        part.append(SeedOrderLine(sale.sku, sale.quantity, sale.unit_price))
        skus.add(sale.sku)
    yield tuple(part)
