"""The independent computation of what the reports ought to say."""

import ast
from collections import Counter
from decimal import Decimal
from pathlib import Path

from demo.seed.__main__ import SAMPLE
from demo.seed.orders import invoices, orders_of
from demo.seed.rules import Sale, sale_of
from demo.seed.survey import survey
from demo.seed.table import RetailFile
from tests.shop.seed import sales_from_csv
from tests.shop.seed.files import write


def test_it_imports_nothing_of_the_project() -> None:
    """Or else it could repeat the project's mistakes."""
    tree = ast.parse(Path(sales_from_csv.__file__).read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in imported if name.split(".")[0] in ("ops", "chalicelib", "local", "tests", "app")}


def test_a_file_worked_out_by_hand(tmp_path: Path) -> None:
    """Every rule, on eight lines."""
    path = write(
        tmp_path / "a.csv",
        [
            {"quantity": "6", "unit_price": "2.55"},
            {"quantity": "1", "unit_price": "2.55", "invoiced_at": "2010-12-02 00:00:00"},
            {"quantity": "1", "unit_price": "0.001"},
            {"quantity": "-1"},
            {"customer": ""},
            {"invoice": "C1"},
            {"unit_price": "0"},
            {"invoice": "536370", "stock_code": "BANK CHARGES", "quantity": "1", "unit_price": "15.0"},
        ],
    )
    with sales_from_csv.open_text(str(path)) as text:
        found = sales_from_csv.compute(text, words=["heart"])
    assert found["day"] == {"2010-12-01": {"orders": 2, "quantity": 8, "amount": "32.85"}}
    assert found["product"] == {
        "85123A": {"orders": 1, "quantity": 7, "amount": "17.85"},
        "BANK-CHARGES": {"orders": 1, "quantity": 1, "amount": "15.0"},
    }
    assert found["customer"] == {"Customer 17850": {"orders": 2, "quantity": 8, "amount": "32.85"}}
    assert found["left_out"] == ["536365 85123A 1 x 0.001"]
    assert (found["from"], found["to"], Decimal(found["total"])) == ("2010-12-01", "2010-12-01", Decimal("32.85"))


def test_it_agrees_with_the_loader_on_the_sample() -> None:
    """Two programs, written apart, make the same orders of the same lines."""
    with sales_from_csv.open_text(str(SAMPLE)) as text:
        expected = sales_from_csv.compute(text)
    table = RetailFile(SAMPLE)
    counts = survey(table).invoices
    sales = (sale for line in table.lines() if isinstance(sale := sale_of(line), Sale))
    days: Counter[str] = Counter()
    for invoice in invoices(sales, counts):
        for order in orders_of(invoice):
            days[order.placed_at[:10]] += order.total
    assert {day: Decimal(row["amount"]) * 100 for day, row in expected["day"].items()} == days
