"""Reading the file."""

import gzip
from pathlib import Path

import pytest

from demo.seed.table import BadFile, RetailFile
from tests.shop.seed.files import GOOD, write


def test_plain_and_gzipped_are_the_same_table(tmp_path: Path) -> None:
    """Lines and digest do not depend on the packing, nor on the file's name."""
    plain = RetailFile(write(tmp_path / "a.csv", [{}, {"quantity": "7"}]))
    (tmp_path / "b.csv").write_bytes(gzip.compress(plain.path.read_bytes()))
    zipped = RetailFile(tmp_path / "b.csv")
    assert list(plain.lines()) == list(zipped.lines())
    assert plain.digest == zipped.digest != ""


def test_a_line_break_inside_quotes_is_text(tmp_path: Path) -> None:
    """A quoted description may go over two lines, with commas and quotes."""
    table = RetailFile(write(tmp_path / "a.csv", [{"description": 'RECORD FRAME 7"\nSINGLE, SIZE'}]))
    assert [line.description for line in table.lines()] == ['RECORD FRAME 7"\nSINGLE, SIZE']


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    """Spreadsheets write one."""
    path = write(tmp_path / "a.csv", [{}])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert [line.invoice for line in RetailFile(path).lines()] == [GOOD["invoice"]]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "first line must be 'invoice,stock_code,"),
        (b"InvoiceNo,StockCode\n", "not 'InvoiceNo,StockCode'"),
        (b"%s\n1,2,3\n", "record 2: 3 columns, 8 expected"),
        (b"%s\n1,2,3,4,5,6,7,\xff\n", "utf-8"),
        (b'%s\n1,2,3,4,5,6,7,"8\n', "after record 1"),
    ],
    ids=["empty", "other header", "columns lack", "not UTF-8", "quote not closed"],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    """The message says which file, where and why."""
    path = tmp_path / "a.csv"
    path.write_bytes(content.replace(b"%s", ",".join(GOOD).encode()))
    with pytest.raises(BadFile) as error:
        list(RetailFile(path).lines())
    assert str(path) in str(error.value)
    assert told in str(error.value)


def test_an_archive_cut_short_is_named(tmp_path: Path) -> None:
    """As after a download that broke off."""
    path = write(tmp_path / "a.csv.gz", [{}])
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(BadFile, match="end-of-stream"):
        list(RetailFile(path).lines())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """As a BadFile, like all else that is wrong with it."""
    with pytest.raises(BadFile, match="No such file"):
        list(RetailFile(tmp_path / "nothing.csv").lines())
