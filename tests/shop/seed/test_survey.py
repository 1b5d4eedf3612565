"""The first pass, and the sample that is kept."""

from decimal import Decimal
from pathlib import Path

import pytest

from demo.seed.__main__ import SAMPLE, SMALL
from demo.seed.make_sample import SMALL_INVOICES, SMALL_LINES, make_sample
from demo.seed.rules import Reason
from demo.seed.survey import SurveyedProduct, survey
from demo.seed.table import BadFile, RetailFile
from tests.shop.seed.files import write


def test_what_the_sales_need(tmp_path: Path) -> None:
    """Country, name and price are those of the first sale line; pieces are added up."""
    found = survey(
        RetailFile(
            write(
                tmp_path / "a.csv",
                [
                    {"customer": "", "description": "?"},
                    {},
                    {"description": "HEART HOLDER", "unit_price": "2.95", "country": "France"},
                    {"stock_code": "85123a", "invoice": "536366"},
                ],
            )
        )
    )
    assert found.customers == {"17850": "United Kingdom"}
    assert found.products["85123A"] == SurveyedProduct("WHITE HANGING HEART T-LIGHT HOLDER", 255, "85123A")
    assert found.quantities == {"85123A": 12, "85123a": 6}
    assert found.invoices == {"536365": 2, "536366": 1}
    assert found.lines == 4
    assert found.amount == 2 * 6 * 255 + 6 * 295


def test_skipped_lines_are_counted_by_reason(tmp_path: Path) -> None:
    """With what they were worth, and the first of them by name."""
    rows = [{"unit_price": "0.001", "quantity": "2"}] * 12 + [{"customer": "", "quantity": "1"}]
    skips = survey(RetailFile(write(tmp_path / "a.csv", rows))).skips
    assert skips.count == {Reason.PENCE: 12, Reason.NO_CUSTOMER: 1}
    assert skips.worth == {Reason.PENCE: Decimal("0.024"), Reason.NO_CUSTOMER: Decimal("2.55")}
    assert skips.examples[Reason.PENCE][0] == "record 2: invoice 536365, 85123A, 0.001"
    assert len(skips.examples[Reason.PENCE]) == 10


def test_stock_codes_that_would_share_a_sku_are_refused(tmp_path: Path) -> None:
    """Adding up two products' sales would be a silent mistake."""
    table = RetailFile(write(tmp_path / "a.csv", [{"stock_code": "BANK CHARGES"}, {"stock_code": "BANK-CHARGES"}]))
    with pytest.raises(BadFile, match="'BANK CHARGES' and 'BANK-CHARGES' would both become"):
        survey(table)


def test_a_renamed_stock_code_is_reported(tmp_path: Path) -> None:
    """With its number of lines."""
    found = survey(RetailFile(write(tmp_path / "a.csv", [{"stock_code": "BANK CHARGES"}] * 2)))
    assert found.renamed == {("BANK CHARGES", "BANK-CHARGES"): 2}


def test_progress_tells_every_line(tmp_path: Path) -> None:
    """Whatever the number of lines."""
    told: list[int] = []
    survey(RetailFile(write(tmp_path / "a.csv", [{}] * 5_003)), told.append)
    assert sum(told) == 5_003


def test_the_sample_is_what_its_readme_says() -> None:
    """1,000 sale invoices, and the numbers and the attribution in the README."""
    found = survey(RetailFile(SAMPLE))
    readme = (SAMPLE.parent / "README.md").read_text()
    assert len(found.invoices) == 1_000
    for number in (found.lines, len(found.customers), len(found.products)):
        assert f"{number:,} " in readme
    assert f"{Decimal(found.amount) / 100:,} GBP" in readme
    assert "D. Chen" in readme
    assert "10.24432/C5BW33" in readme
    assert "CC BY 4.0" in readme


def test_a_sample_has_the_first_sale_invoices_with_all_their_lines(tmp_path: Path) -> None:
    """Lines of a sale invoice that are no sales come along; other invoices do not."""
    source = write(
        tmp_path / "all.csv",
        [
            {"invoice": "1", "customer": ""},
            {"invoice": "2", "unit_price": "0"},
            {"invoice": "2"},
            {"invoice": "C3", "quantity": "-1"},
            {"invoice": "4"},
            {"invoice": "5"},
            {"invoice": "4", "description": 'LATE, "QUOTED"'},
        ],
    )
    target = tmp_path / "sample.csv.gz"
    assert make_sample(source, target, 2) == 4
    wanted = [line[1:] for line in RetailFile(source).lines() if line.invoice in ("2", "4")]
    assert [line[1:] for line in RetailFile(target).lines()] == wanted


def test_the_same_file_gives_the_same_sample(tmp_path: Path) -> None:
    """Byte by byte: made from itself, the kept sample comes out as it is."""
    make_sample(SAMPLE, tmp_path / "again.csv.gz")
    assert (tmp_path / "again.csv.gz").read_bytes() == SAMPLE.read_bytes()
    make_sample(SAMPLE, tmp_path / "small.csv.gz", SMALL_INVOICES, SMALL_LINES)
    assert (tmp_path / "small.csv.gz").read_bytes() == SMALL.read_bytes()


def test_the_small_sample_is_what_its_readme_says() -> None:
    """200 sale invoices, all of them small, so that they are loaded in half a minute."""
    found = survey(RetailFile(SMALL))
    assert len(found.invoices) == 200
    assert max(found.invoices.values()) == SMALL_LINES
    readme = (SMALL.parent / "README.md").read_text()
    for number in (found.lines, len(found.customers), len(found.products)):
        assert f"{number:,} " in readme
    assert f"{Decimal(found.amount) / 100:,} GBP" in readme
