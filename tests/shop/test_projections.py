"""Each service's rows, by example."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import asdict

from chalicelib.catalog import projection as catalog
from chalicelib.core.service import Head, Projection, Row, WordRow
from chalicelib.customers import projection as customers
from chalicelib.inventory import projection as inventory
from chalicelib.orders import projection as orders
from tests.shop.histories import head, iso, order_state

AT = datetime(2026, 11, 23, 10, 0, 2)
CREATED = datetime(2020, 1, 2, 3, 4, 5, 678000)
CREATED_AT = iso(CREATED.replace(tzinfo=UTC))


def row(projection: Projection, commit: Head) -> dict[str, object]:
    """The root row by column."""
    return asdict(projection.rows(commit).root)


def test_a_customer() -> None:
    """A country that was never told is NULL; a tombstone keeps the row and says when."""
    state = {"name": "Ada", "email": "ada@example.com", "created_at": CREATED_AT}
    living = row(customers.PROJECTION, head("cus_1", 2, state))
    assert living == {
        "id": "cus_1",
        "version": 2,
        "name": "Ada",
        "email": "ada@example.com",
        "country": None,
        "created_at": CREATED,
        "updated_at": AT,
        "deleted_at": None,
    }
    assert row(customers.PROJECTION, head("cus_1", 2, state, deleted=True)) == living | {"deleted_at": AT}


def test_a_product() -> None:
    """Its id is the SKU; without a description the text is empty, not NULL."""
    state = {"name": "Lantern", "price": 295, "currency": "GBP", "created_at": CREATED_AT}
    assert row(catalog.PROJECTION, head("85123A", 2, state)) == {
        "sku": "85123A",
        "version": 2,
        "name": "Lantern",
        "description": "",
        "price": 295,
        "currency": "GBP",
        "created_at": CREATED,
        "updated_at": AT,
        "deleted_at": None,
    }


def test_what_customers_and_products_are_found_by() -> None:
    """The words of a name and of an e-mail address; of a SKU and of a name, and not of a description."""
    state = {"name": "Ada King", "email": "ada@example.com", "created_at": CREATED_AT}
    made = customers.PROJECTION.rows(head("cus_1", 2, state)).children
    assert made == {"customer_words": [WordRow("cus_1", word) for word in ("ada", "com", "example", "king")]}
    state = {"name": "White LANTERN", "description": "Tin", "price": 1, "currency": "GBP", "created_at": CREATED_AT}
    made = catalog.PROJECTION.rows(head("REX-90", 2, state)).children
    assert made == {"product_words": [WordRow("REX-90", word) for word in ("90", "lantern", "rex", "white")]}


@pytest.mark.parametrize(
    ("state", "numbers"), [({}, (0, 0, 0)), ({"on_hand": 7}, (7, 0, 7)), ({"on_hand": 7, "reserved": 3}, (7, 3, 4))]
)
def test_stock(state: dict[str, int], numbers: tuple[int, int, int]) -> None:
    """On hand, reserved, and what is left; zeros are not stored in the state."""
    found = row(inventory.PROJECTION, head("A", 1, state))
    assert (found["on_hand"], found["reserved"], found["available"]) == numbers


def test_an_order() -> None:
    """Totals, a row a line with the name that the product had, and the words of its reference."""
    commit = head("ord_1", 2, order_state("placed", [("A", 2, 150), ("B", 1, 99), ("A", 1, 100)], reference="R-1"))
    found = row(orders.PROJECTION, commit)
    assert (found["quantity"], found["line_count"], found["total"]) == (4, 3, 499)
    assert (found["reason"], found["shortages"]) == (None, None)
    placed = datetime(2026, 11, 23, 10)
    assert orders.PROJECTION.rows(commit).children == {
        "order_lines": [
            orders.LineRow("ord_1", 1, "A", "Product A", 2, 150, 300, placed),
            orders.LineRow("ord_1", 2, "B", "Product B", 1, 99, 99, placed),
            orders.LineRow("ord_1", 3, "A", "Product A", 1, 100, 100, placed),
        ],
        "order_words": [WordRow("ord_1", "1"), WordRow("ord_1", "r")],
    }


def test_a_rejected_order() -> None:
    """What was short is kept as JSON."""
    short = [{"sku": "A", "requested": 2, "available": 1}]
    found = row(orders.PROJECTION, head("ord_1", 2, order_state("rejected", shortages=short)))
    assert found["shortages"] == '[{"sku":"A","requested":2,"available":1}]'


def contributions(status: str) -> list[list[Row]]:
    """What an order of three lines, two of them of one product, adds to each summary."""
    commit = head("ord_1", 2, order_state(status, [("A", 2, 150), ("B", 1, 99), ("A", 1, 100)]))
    rows = orders.PROJECTION.rows(commit)
    return [list(summary.contributions(*rows)) for summary in orders.PROJECTION.summaries]


@pytest.mark.parametrize("status", ["confirmed", "shipped", "delivered"])
def test_what_a_sold_order_adds(status: str) -> None:
    """Once a product, not once a line; in the bucket that its id gives for ever."""
    day, bucket = date(2026, 11, 23), 3
    assert contributions(status) == [
        [orders.CustomerSpendRow("cus_1", "GBP", 1, 499, datetime(2026, 11, 23, 10))],
        [orders.CustomerSalesRow(day, "GBP", "cus_1", 1, 4, 499)],
        [
            orders.ProductSalesRow(day, "GBP", "A", bucket, 1, 3, 400),
            orders.ProductSalesRow(day, "GBP", "B", bucket, 1, 1, 99),
        ],
    ]


@pytest.mark.parametrize("status", ["placed", "rejected", "cancelled"])
def test_what_other_orders_add(status: str) -> None:
    """Nothing but the time of the customer's last order."""
    spend = orders.CustomerSpendRow("cus_1", "GBP", 0, 0, datetime(2026, 11, 23, 10))
    assert contributions(status) == [[spend], [], []]
