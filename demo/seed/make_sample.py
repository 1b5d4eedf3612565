"""Cuts both samples from the whole file: `python -m demo.seed.make_sample online-retail.csv.gz`.

A sample is the first sale invoices (those with at least one sale line) with all their lines, in the file's
order: 1,000 of them, and, for the small one, the first 200 of those that have at most 6 sale lines. The
same file gives the same samples, byte by byte.
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
    """Write the sample and return its number of lines.

    Args:
        source: the whole file.
        target: a gzipped CSV file; replaced.
        count: how many sale invoices.
        most_lines: the most sale lines that one of them has; None for any number.

    Raises:
        BadFile: the source cannot be read.
    """
    wanted = _first_sale_invoices(source, count, most_lines)
    lines = 0
    with (
        target.open("wb") as raw,
        # No name and no time inside, so that it depends on the lines alone.
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
    """The invoices whose first sale line comes before all others'."""
    lines = Counter(line.invoice for line in RetailFile(source).lines() if isinstance(sale_of(line), Sale))
    return set(islice((name for name, number in lines.items() if not most_lines or number <= most_lines), count))


def main() -> None:
    """Make the samples that are kept beside the loader."""
    parser = argparse.ArgumentParser(prog="python -m demo.seed.make_sample", description=__doc__)
    parser.add_argument("source", type=Path, help="the whole year, CSV, plain or gzipped")
    source = parser.parse_args().source
    print(f"{make_sample(source, SAMPLE):,} lines in {SAMPLE}")
    print(f"{make_sample(source, SMALL, SMALL_INVOICES, SMALL_LINES):,} lines in {SMALL}")


if __name__ == "__main__":
    main()
