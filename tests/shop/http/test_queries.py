"""Queries across all the services, over real HTTP."""

from typing import Any

import pytest

from tests.shop.http.settling import settle
from tests.shop.http.things import answered, customer, order, sku, stocked
from tests.support.client import Client
from tests.support.stack import Stack


@pytest.fixture(scope="module")
def shop(stack: Stack, admin: Client) -> dict[str, Any]:
    """Return a customer with two confirmed orders of two products, visible in the read model."""
    word = sku().replace("-", "x")
    buyer = customer(admin, f"Hopper {word}")
    lantern, mug = stocked(admin, 12, 339, f"Lantern {word}"), stocked(admin, 5, 255, f"Mug {word}")
    lines = [{"sku": lantern, "quantity": 2}, {"sku": mug, "quantity": 1}, {"sku": lantern, "quantity": 1}]
    first = admin.post("/orders", {"customer_id": buyer, "reference": word, "lines": lines}).json["id"]
    second = order(admin, buyer, mug, 4)
    settle(stack)
    return {"word": word, "buyer": buyer, "lantern": lantern, "mug": mug, "first": first, "second": second}


def test_order_across_services(admin: Client, shop: dict[str, Any]) -> None:
    """One answer has the order, its customer's name, its products' names and their stock."""
    body = admin.get(f"/orders/{shop['first']}").json
    assert body["customer"] == {"id": shop["buyer"], "name": f"Hopper {shop['word']}"}
    assert (body["status"], body["total"], body["quantity"], body["line_count"]) == ("confirmed", 3 * 339 + 255, 4, 3)
    assert [(line["line_no"], line["sku"], line["quantity"], line["amount"]) for line in body["lines"]] == [
        (1, shop["lantern"], 2, 678),
        (2, shop["mug"], 1, 255),
        (3, shop["lantern"], 1, 339),
    ]
    assert (body["lines"][0]["name"], body["lines"][0]["available"]) == (f"Lantern {shop['word']}", 9)


def test_timeline(admin: Client, shop: dict[str, Any]) -> None:
    """The timeline of an order begins with its oldest entry."""
    body = admin.get(f"/orders/{shop['first']}/timeline").json
    assert not body["incomplete"]
    reserving = ["inventory.reserve"] * 3  # of the reservation and of two products' stock
    assert [entry["command"] for entry in body["entries"]] == ["orders.place", *reserving, "orders.confirm"]
    assert body["entries"][0]["events"][0]["type"] == "OrderPlaced"


@pytest.mark.parametrize(
    "filters", [{"q": "hopper {word}"}, {"q": "{word}"}, {"reference": "{word}"}, {"sku": "{lantern}"}]
)
def test_find_orders(admin: Client, shop: dict[str, Any], filters: dict[str, str]) -> None:
    """Orders are found by words of customer and products, by reference and by SKU, in any status."""
    query = {name: value.format(**shop) for name, value in filters.items()}
    found = {item["id"] for item in admin.all_pages("/orders", **query, status="confirmed")}
    assert shop["first"] in found
    assert found <= {shop["first"], shop["second"]}


def test_customer_with_spend(admin: Client, shop: dict[str, Any]) -> None:
    """A customer's summary counts confirmed orders."""
    spend = 3 * 339 + 255 + 4 * 255
    body = admin.get(f"/customers/{shop['buyer']}").json
    assert [(o["currency"], o["order_count"], o["spend"]) for o in body["orders"]] == [("GBP", 2, spend)]
    (listed,) = admin.get("/customers", {"q": shop["word"], "sort": "-spend"}).json["items"]
    assert (listed["id"], listed["orders"]["spend"]) == (shop["buyer"], spend)
    listed = admin.all_pages(f"/customers/{shop['buyer']}/orders", sort="total", limit=1)
    assert [item["id"] for item in listed] == [shop["second"], shop["first"]]


def test_sales_of_a_cancelled_order_are_taken_back(admin: Client) -> None:
    """Cancelling a confirmed order removes its sales from every summary."""
    code, buyer = stocked(admin, price=50), customer(admin)
    id = order(admin, buyer, code, 3)

    def shown_as_sold(**headers: str) -> int:
        shown = admin.get(f"/products/{code}", **headers).json
        sold = sum(sales["quantity"] for sales in shown["sales"])
        sales = admin.all_pages("/reports/sales", by="customer")
        assert sum(item["amount"] for item in sales if item["customer_id"] == buyer) == sold * 50
        return int(sold)

    assert answered(admin, id)["status"] == "confirmed"
    seen = admin.patch(f"/products/{code}", {}).headers["consistency-token"]
    assert shown_as_sold(Consistency_Token=seen) == 3
    token = admin.post(f"/orders/{id}/cancel").headers["consistency-token"]
    assert shown_as_sold(Consistency_Token=token) == 0


@pytest.mark.parametrize("by", ["day", "product", "customer"])
@pytest.mark.parametrize("sort", ["key", "-amount"])
def test_reports_agree(admin: Client, shop: dict[str, Any], by: str, sort: str) -> None:
    """The sum of sales is the same for every grouping, page by page."""
    total = sum(item["amount"] for item in admin.all_pages("/reports/sales", by="day"))
    items = admin.all_pages("/reports/sales", by=by, sort=sort, limit=3)
    assert sum(item["amount"] for item in items) == total > 0
    if sort == "-amount":
        assert [item["amount"] for item in items] == sorted((item["amount"] for item in items), reverse=True)


def test_low_stock(admin: Client, shop: dict[str, Any]) -> None:
    """Products with low stock are listed, the scarcest first."""
    items = admin.all_pages("/reports/low-stock", threshold=9)
    assert [item["available"] for item in items] == sorted(item["available"] for item in items)
    assert shop["lantern"] in {item["sku"] for item in items}
    assert shop["lantern"] not in {item["sku"] for item in admin.all_pages("/reports/low-stock", threshold=8)}


@pytest.mark.parametrize(
    ("query", "faulty"),
    [
        ("limit=0&sort=nope&status=odd&x=1", ["limit", "sort", "status", "x"]),
        ("limit=201", ["limit"]),
        ("placed_from=yesterday&min_total=-1", ["placed_from", "min_total"]),
        ("limit=1&limit=2", ["limit"]),
        ("q=-", ["q"]),
        ("customer=x&sku=a%20b", ["customer", "sku"]),
    ],
)
def test_bad_parameters(admin: Client, query: str, faulty: list[str]) -> None:
    """Every faulty parameter is named."""
    answer = admin.get(f"/orders?{query}")
    assert (answer.status, sorted(answer.pointers)) == (422, sorted(faulty))


@pytest.mark.parametrize(
    "path", ["/orders/ord_none", "/customers/cus_none", "/products/none", "/orders/ord_none/timeline"]
)
def test_not_found(admin: Client, path: str) -> None:
    """A missing item is answered with a 404 problem."""
    assert admin.get(path).problem == "not-found"
