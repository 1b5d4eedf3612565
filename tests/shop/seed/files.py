"""Small files of the Online Retail table, for tests."""

import csv
import gzip
from collections.abc import Iterable, Mapping
from pathlib import Path

from demo.seed.rules import Sale, sale_of
from demo.seed.table import COLUMNS, RetailLine

GOOD = {
    "invoice": "536365",
    "stock_code": "85123A",
    "description": "WHITE HANGING HEART T-LIGHT HOLDER",
    "quantity": "6",
    "invoiced_at": "2010-12-01 08:26:00",
    "unit_price": "2.55",
    "customer": "17850",
    "country": "United Kingdom",
}


def line(**changes: str) -> RetailLine:
    """A line that is a sale, but for the changes."""
    return RetailLine(2, **(GOOD | changes))


def sale(**changes: str) -> Sale:
    """The sale that such a line is."""
    outcome = sale_of(line(**changes))
    assert isinstance(outcome, Sale), outcome
    return outcome


def write(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    """A file of rows that are GOOD but for what they say; gzipped where the name ends in .gz."""
    with gzip.open(path, "wt", newline="") if path.suffix == ".gz" else path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows({**GOOD, **row} for row in rows)
    return path
