"""What a line becomes."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.vocabulary import Sku
from demo.seed.rules import Reason, Sale, Skipped, sale_of, sku_of
from tests.shop.seed.files import line, sale


def test_a_sale() -> None:
    """Every member of a sale, with pence and UTC."""
    assert sale() == Sale(
        invoice="536365",
        placed_at="2010-12-01T08:26:00.000Z",
        customer="17850",
        country="United Kingdom",
        stock_code="85123A",
        sku="85123A",
        name="WHITE HANGING HEART T-LIGHT HOLDER",
        quantity=6,
        unit_price=255,
    )


@pytest.mark.parametrize(
    ("changes", "reason", "worth"),
    [
        ({"invoice": "C536379", "quantity": "-1", "customer": ""}, Reason.CANCELLED, "-2.55"),
        ({"customer": ""}, Reason.NO_CUSTOMER, "15.30"),
        ({"quantity": "-6"}, Reason.QUANTITY, "-15.30"),
        ({"quantity": "0"}, Reason.QUANTITY, "0"),
        ({"unit_price": "0.0"}, Reason.PRICE, "0"),
        ({"unit_price": "-11062.06", "quantity": "1"}, Reason.PRICE, "-11062.06"),
        ({"unit_price": "0.001", "quantity": "1"}, Reason.PENCE, "0.001"),
        ({"unit_price": "nan"}, Reason.UNUSABLE, "0"),
        ({"unit_price": "10000000.01", "quantity": "1"}, Reason.UNUSABLE, "10000000.01"),
        ({"quantity": "1000001", "unit_price": "1"}, Reason.UNUSABLE, "1000001"),
        ({"quantity": "1.5", "unit_price": "1"}, Reason.UNUSABLE, "1.5"),
        ({"quantity": ""}, Reason.UNUSABLE, "0"),
        ({"invoiced_at": "12/1/2010 8:26"}, Reason.UNUSABLE, "15.30"),
        ({"invoiced_at": "2010-02-30 08:26:00"}, Reason.UNUSABLE, "15.30"),
        ({"invoice": "536 365"}, Reason.UNUSABLE, "15.30"),
        ({"customer": "J. Smith"}, Reason.UNUSABLE, "15.30"),
        ({"stock_code": ""}, Reason.UNUSABLE, "15.30"),
        ({"stock_code": "8" * 64}, Reason.UNUSABLE, "15.30"),
    ],
)
def test_a_skipped_line_has_a_reason(changes: dict[str, str], reason: Reason, worth: str) -> None:
    """The first that holds, and what the line was worth."""
    skipped = sale_of(line(**changes))
    assert isinstance(skipped, Skipped)
    assert (skipped.reason, skipped.worth) == (reason, Decimal(worth))


@pytest.mark.parametrize("price", ["4.25", "4.250", "4", "0.01", "8142.75"])
def test_whole_pence_are_exact(price: str) -> None:
    """However the price is written."""
    assert sale(unit_price=price).unit_price == Decimal(price) * 100


@pytest.mark.parametrize(
    ("stock_code", "sku"),
    [("85123A", "85123A"), ("85123a", "85123a"), ("BANK CHARGES", "BANK-CHARGES"), ("-1", "X-1"), ("£5", "X-5")],
)
def test_a_stock_code_as_a_sku(stock_code: str, sku: str) -> None:
    """Case stays; what a SKU cannot hold is replaced."""
    assert sku_of(stock_code) == sku


@given(st.text(min_size=1, max_size=63))
def test_any_stock_code_makes_a_sku(stock_code: str) -> None:
    """The API takes what the rule makes."""
    assert msgspec.convert(sku_of(stock_code), Sku)


@pytest.mark.parametrize(
    ("description", "name"),
    [
        ("  GREEN  TEA \n", "GREEN  TEA"),
        ("A\tB\x00C", "A B C"),
        ("", "85123A"),
        (" ", "85123A"),
        ("é" * 300, "é" * 200),
    ],
)
def test_a_description_as_a_name(description: str, name: str) -> None:
    """Outer blanks and control characters go; a product without one is called by its SKU."""
    assert sale(description=description).name == name
