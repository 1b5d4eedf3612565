"""Cuts the sample from the whole file: `python -m demo.seed.make_sample online-retail.csv.gz`.

The sample is the first 1,000 sale invoices (those with at least one sale line) with all their lines,
in the file's order. The same file gives the same sample, byte by byte.
"""

import argparse
import csv
import gzip
import io
from pathlib import Path

from demo.seed.__main__ import SAMPLE
from demo.seed.rules import Sale, sale_of
from demo.seed.table import COLUMNS, RetailFile

INVOICES = 1_000


def make_sample(source: Path, target: Path, count: int = INVOICES) -> int:
    """Write the sample and return its number of lines.

    Args:
        source: the whole file.
        target: a gzipped CSV file; replaced.
        count: how many sale invoices.

    Raises:
        BadFile: the source cannot be read.
    """
    wanted = _first_sale_invoices(source, count)
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


def _first_sale_invoices(source: Path, count: int) -> set[str]:
    """The invoices whose first sale line comes before all others'."""
    found: set[str] = set()
    for line in RetailFile(source).lines():
        if isinstance(sale_of(line), Sale):
            found.add(line.invoice)
            if len(found) == count:
                break
    return found


def main() -> None:
    """Make the sample that is kept beside the loader."""
    parser = argparse.ArgumentParser(prog="python -m demo.seed.make_sample", description=__doc__)
    parser.add_argument("source", type=Path, help="the whole year, CSV, plain or gzipped")
    parser.add_argument("--target", type=Path, default=SAMPLE, help="default: %(default)s")
    given = parser.parse_args()
    print(f"{make_sample(given.source, given.target):,} lines in {given.target}")


if __name__ == "__main__":
    main()
