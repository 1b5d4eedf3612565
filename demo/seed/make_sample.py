"""Cut both samples from the whole file: `python -m demo.seed.make_sample online-retail.csv.gz`.

A sample has the first sale invoices (those with at least one sale line) with all their lines, in the file's order.
The large sample has 1,000 invoices. The small one has the first 200 invoices with at most 6 sale lines. The same file
gives the same samples, byte by byte.
"""

import argparse
import csv
import gzip
import io
from collections import Counter
from itertools import islice
from pathlib import Path

from demo.seed.__main__ import SAMPLE, SMALL
from demo.seed.rules import Sale, sale_of
from demo.seed.table import COLUMNS, RetailFile

INVOICES = 1_000
SMALL_INVOICES, SMALL_LINES = 200, 6


def make_sample(source: Path, target: Path, count: int = INVOICES, most_lines: int | None = None) -> int:
    """Write the sample, and return its number of lines.

    Args:
        source: the whole file.
        target: the gzipped CSV file to write or replace.
        count: the number of sale invoices.
        most_lines: the most sale lines of an invoice; None for any number.

    Raises:
        BadFile: the source cannot be read.
    """
    wanted = _first_sale_invoices(source, count, most_lines)
    lines = 0
    with (
        target.open("wb") as raw,
        # The gzip header has no name and no time, so that the file depends on the lines alone.
        gzip.GzipFile("", "wb", 9, raw, mtime=0) as zipped,
        io.TextIOWrapper(zipped, "utf-8", newline="") as text,
    ):
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        for line in RetailFile(source).lines():
            if line.invoice in wanted:
                writer.writerow(line[1:])
                lines += 1
    return lines


def _first_sale_invoices(source: Path, count: int, most_lines: int | None) -> set[str]:
    """Return the invoices whose first sale line comes before all others'."""
    lines = Counter(line.invoice for line in RetailFile(source).lines() if isinstance(sale_of(line), Sale))
    return set(islice((name for name, number in lines.items() if not most_lines or number <= most_lines), count))


def main() -> None:
    """Write the samples that are kept beside the loader."""
    parser = argparse.ArgumentParser(prog="python -m demo.seed.make_sample", description=__doc__)
    parser.add_argument("source", type=Path, help="the whole year, CSV, plain or gzipped")
    source = parser.parse_args().source
    print(f"{make_sample(source, SAMPLE):,} lines in {SAMPLE}")
    print(f"{make_sample(source, SMALL, SMALL_INVOICES, SMALL_LINES):,} lines in {SMALL}")


if __name__ == "__main__":
    main()
