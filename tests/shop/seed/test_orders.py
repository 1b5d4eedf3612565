"""From sales to orders."""

import pytest

from chalicelib.orders.commands import MAX_LINES, MAX_SKUS
from demo.seed import orders
from demo.seed.orders import SeedOrderLine, invoices, orders_of
from demo.seed.table import BadFile
from tests.shop.seed.files import sale


def test_limits_are_the_services() -> None:
    """The loader states them itself, since it knows the API from outside only."""
    assert (orders.MOST_SKUS, orders.MOST_LINES) == (MAX_SKUS, MAX_LINES)


def test_an_invoice_is_an_order() -> None:
    """Its lines stay as they are, several of one SKU too, and its time is the first line's."""
    [order] = orders_of(
        [sale(), sale(stock_code="POST", unit_price="18", quantity="1", invoiced_at="2010-12-01 08:27:00"), sale()]
    )
    assert order.reference == "536365"
    assert order.placed_at == "2010-12-01T08:26:00.000Z"
    assert order.lines == (
        SeedOrderLine("85123A", 6, 255),
        SeedOrderLine("POST", 1, 1800),
        SeedOrderLine("85123A", 6, 255),
    )
    assert order.total == 2 * 6 * 255 + 1800


@pytest.mark.parametrize(("skus", "parts"), [(99, [99]), (100, [99, 1]), (198, [99, 99]), (250, [99, 99, 52])])
def test_an_invoice_of_many_skus_has_parts(skus: int, parts: list[int]) -> None:
    """No part has more than 99 SKUs; nothing is lost, nothing twice, and the order of lines stays."""
    sales = [sale(stock_code=str(number)) for number in range(skus)]
    found = orders_of(sales)
    assert [len(order.lines) for order in found] == parts
    assert [order.reference for order in found] == ["536365", "536365/2", "536365/3"][: len(parts)]
    assert [line.sku for order in found for line in order.lines] == [one.sku for one in sales]


def test_a_known_sku_fits_into_a_full_part() -> None:
    """The 100th line may be of the 99 SKUs that are there."""
    sales = [sale(stock_code=str(number)) for number in range(99)]
    assert len(orders_of([*sales, sales[5]])) == 1


def test_an_invoice_of_many_lines_has_parts() -> None:
    """No part has more than 1,000 lines."""
    assert [len(order.lines) for order in orders_of([sale()] * 2_001)] == [1_000, 1_000, 1]


def test_invoices_are_put_together_from_lines_that_lie_apart() -> None:
    """Each comes as soon as it is complete, with its lines in the file's order."""
    sales = [sale(invoice=text[0], quantity=text[1]) for text in ("a1", "b2", "a3", "c4", "b5")]
    found = list(invoices(iter(sales), {"a": 2, "b": 2, "c": 1}))
    assert [[one.quantity for one in invoice] for invoice in found] == [[1, 3], [4], [2, 5]]


@pytest.mark.parametrize("counts", [{"536365": 2}, {}, {"536365": 1, "536366": 1}])
def test_a_file_that_changes_meanwhile_is_noticed(counts: dict[str, int]) -> None:
    """An invoice must not be loaded in part."""
    with pytest.raises(BadFile, match="changed while it was read"):
        list(invoices([sale()], counts))


def test_an_invoice_of_two_customers_is_refused() -> None:
    """Nobody knows whose order it is."""
    with pytest.raises(BadFile, match="invoice 536365 names the customers 17850 and 13047"):
        orders_of([sale(), sale(customer="13047")])
