"""The CSV file as a stream of lines, plain or gzipped."""

import csv
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

COLUMNS = ("invoice", "stock_code", "description", "quantity", "invoiced_at", "unit_price", "customer", "country")
_GZIP_MAGIC = b"\x1f\x8b"


class BadFile(Exception):
    """The file cannot be read as the Online Retail table. The message says where and why."""


class RetailLine(NamedTuple):
    """A line of the file, all text. `number` counts lines of the file from 1, including the header."""

    number: int
    invoice: str
    stock_code: str
    description: str
    quantity: str
    invoiced_at: str
    unit_price: str
    customer: str
    country: str


class RetailFile:
    """A file of the Online Retail table.

    Args:
        path: a CSV file with the columns of COLUMNS, UTF-8, plain or gzipped.

    Attributes:
        digest: SHA-256 (hex) of the uncompressed text once `lines` has reached the end; "" before.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.digest = ""

    def lines(self) -> Iterator[RetailLine]:
        """Yield all lines but the header.

        Raises:
            BadFile: the file is missing, damaged or not UTF-8, or it lacks a column.
        """
        number = 1
        try:
            with _open(self.path) as file:
                reader = csv.reader(self._text(file), strict=True)
                self._check_header(next(reader, []))
                for number, row in enumerate(reader, start=2):
                    if len(row) != len(COLUMNS):
                        raise BadFile(f"{self.path}, record {number}: {len(row)} columns, {len(COLUMNS)} expected")
                    yield RetailLine(number, *row)
        except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
            raise BadFile(f"{self.path}, after record {number}: {error}") from error

    def _text(self, file: IO[bytes]) -> Iterator[str]:
        """Yield the file's lines as text. Set the digest at the end."""
        digest = hashlib.sha256()
        encoding = "utf-8-sig"  # a byte order mark, if any, is before the first line only
        for line in file:
            digest.update(line)
            yield line.decode(encoding)
            encoding = "utf-8"
        self.digest = digest.hexdigest()

    def _check_header(self, header: list[str]) -> None:
        if tuple(header) != COLUMNS:
            raise BadFile(f"{self.path}: the first line must be {','.join(COLUMNS)!r}, not {','.join(header)[:200]!r}")


def _open(path: Path) -> IO[bytes]:
    """Return the bytes of a file, uncompressed if its first bytes are those of gzip, whatever its name is."""
    with path.open("rb") as file:
        zipped = file.read(2) == _GZIP_MAGIC
    return gzip.open(path, "rb") if zipped else path.open("rb")  # type: ignore[return-value]  # GzipFile reads alike
