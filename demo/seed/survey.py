"""The first pass: find what must exist before the first order can be placed."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from demo.seed.rules import Reason, Sale, Skipped, sale_of
from demo.seed.table import BadFile, RetailFile

_SHOWN = 10
_EVERY = 5_000


class SurveyedProduct(NamedTuple):
    """A product: the name and the price (in pence) of its SKU's first sale line, and its stock code."""

    name: str
    price: int
    stock_code: str


@dataclass
class Skips:
    """The skipped lines of each reason: their number, their worth in pounds, and the first few as text."""

    count: Counter[Reason] = field(default_factory=Counter)
    worth: dict[Reason, Decimal] = field(default_factory=dict)
    examples: dict[Reason, list[str]] = field(default_factory=dict)

    def add(self, skipped: Skipped) -> None:
        """Count one line."""
        line, reason = skipped.line, skipped.reason
        self.count[reason] += 1
        self.worth[reason] = self.worth.get(reason, Decimal()) + skipped.worth
        examples = self.examples.setdefault(reason, [])
        if len(examples) < _SHOWN:
            examples.append(f"record {line.number}: invoice {line.invoice}, {line.stock_code}, {line.unit_price}")


@dataclass
class Survey:
    """The result of the first pass. It grows with customers, SKUs and invoices, not with lines.

    Attributes:
        digest: the file's digest, as RetailFile computes it.
        lines: the number of lines without the header.
        customers: number -> country.
        products: SKU -> name and price.
        quantities: SKU -> pieces sold.
        invoices: invoice -> number of its sale lines, by which orders.py knows when an invoice is complete.
        amount: the total of all sales in pence.
        first, last: the times of the earliest and the latest sale, as Sale says them.
        skips: the lines that are not sales.
        renamed: stock code -> (SKU, sale lines), if they differ.
    """

    digest: str = ""
    lines: int = 0
    customers: dict[str, str] = field(default_factory=dict)
    products: dict[str, SurveyedProduct] = field(default_factory=dict)
    quantities: Counter[str] = field(default_factory=Counter)
    invoices: Counter[str] = field(default_factory=Counter)
    amount: int = 0
    first: str = ""
    last: str = ""
    skips: Skips = field(default_factory=Skips)
    renamed: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, sale: Sale) -> None:
        """Count one sale.

        Raises:
            BadFile: two stock codes would share a SKU.
        """
        self.customers.setdefault(sale.customer, sale.country)
        product = self.products.setdefault(sale.sku, SurveyedProduct(sale.name, sale.unit_price, sale.stock_code))
        if product.stock_code != sale.stock_code:
            raise BadFile(
                f"stock codes {product.stock_code!r} and {sale.stock_code!r} would both become the SKU {sale.sku!r}; "
                "rename one of them in the file"
            )
        self.quantities[sale.sku] += sale.quantity
        self.invoices[sale.invoice] += 1
        self.first = min(self.first or sale.placed_at, sale.placed_at)
        self.last = max(self.last, sale.placed_at)
        self.amount += sale.quantity * sale.unit_price
        if sale.sku != sale.stock_code:
            self.renamed[sale.stock_code, sale.sku] += 1


def survey(table: RetailFile, progress: Callable[[int], None] = lambda lines: None) -> Survey:
    """Read the whole file once.

    Args:
        table: the file.
        progress: is called now and then with the number of lines read since the last call.

    Raises:
        BadFile: the file cannot be read, or two stock codes would share a SKU.
    """
    result = Survey()
    for line in table.lines():
        outcome = sale_of(line)
        if isinstance(outcome, Sale):
            result.add(outcome)
        else:
            result.skips.add(outcome)
        result.lines += 1
        if result.lines % _EVERY == 0:
            progress(_EVERY)
    progress(result.lines % _EVERY)
    result.digest = table.digest
    return result
