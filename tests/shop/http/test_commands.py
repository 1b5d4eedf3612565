"""The contract of every command route, over real HTTP."""

import re
from typing import Any

from tests.shop.http.things import answered, customer, email, order, product, sku, stocked
from tests.support.client import Answer, Client, ok
from tests.support.stack import Stack


def test_customer(admin: Client) -> None:
    """A customer is registered, changed under If-Match, and deleted. The address becomes available again."""
    address = email()
    made = admin.post("/customers", {"name": "Ada", "email": address, "country": "France"})
    body = ok(made, 201)
    assert made.headers["location"] == f"/customers/{body['id']}"
    assert re.fullmatch(r"cus_[0-9A-Z]{26}", body["id"])
    assert (body["version"], body["name"], body["country"]) == (1, "Ada", "France")
    path = f"/customers/{body['id']}"
    changed = ok(admin.patch(path, {"name": "Countess", "country": None}, If_Match='"1"'))
    assert (changed["version"], changed["name"], changed["country"], changed["email"]) == (2, "Countess", None, address)
    stale = admin.patch(path, {"name": "Eve"}, If_Match='"1"')
    assert (stale.status, stale.problem, stale.json["version"]) == (412, "precondition-failed", 2)
    assert stale.json["detail"] == "If-Match does not hold: its version is 2. Load it and decide again."
    taken = admin.post("/customers", {"name": "Eve", "email": address.upper()})
    assert (taken.status, taken.problem, taken.json["existing"]) == (409, "duplicate", body["id"])
    assert ok(admin.delete(path)) == {"id": body["id"], "version": 3, "deleted": True}
    assert admin.delete(path).status == admin.patch(path, {"name": "Eve"}).status == 404
    ok(admin.post("/customers", {"name": "Eve", "email": address}), 201)


def test_change_of_email_frees_the_old_one(admin: Client) -> None:
    """After a change of address, the old address is available and the new one is taken."""
    old, new = email(), email()
    id = ok(admin.post("/customers", {"name": "Ada", "email": old}), 201)["id"]
    other = ok(admin.post("/customers", {"name": "Bob", "email": email()}), 201)["id"]
    ok(admin.patch(f"/customers/{id}", {"email": new}))
    assert admin.patch(f"/customers/{other}", {"email": new}).status == 409
    ok(admin.patch(f"/customers/{other}", {"email": old}))


def test_product(admin: Client) -> None:
    """A product is added, repriced, discontinued, and added again, with the versions after the tombstone's."""
    code = sku()
    new = {"sku": code, "name": "Lantern", "price": 339, "currency": "GBP"}
    added = admin.post("/products", new)
    assert ok(added, 201)["id"] == code
    assert added.headers["location"] == f"/products/{code}"
    again = admin.post("/products", new)
    assert (again.status, again.problem, again.json["existing"]) == (409, "duplicate", code)
    assert ok(admin.patch(f"/products/{code}", {"price": 400, "name": "Big lantern"}))["price"] == 400
    ok(admin.delete(f"/products/{code}"))
    gone = admin.patch(f"/products/{code}", {"price": 1})
    assert (gone.status, gone.problem) == (409, "discontinued")
    assert ok(admin.post("/products", new), 201)["version"] == 4
    assert admin.patch(f"/products/{sku()}", {"price": 1}).status == 404


def test_stock(admin: Client) -> None:
    """Receipts add up, a reference counts once, and an adjustment cannot go below zero."""
    code = sku()
    assert ok(admin.post(f"/stock/{code}/receipts", {"quantity": 5, "reference": "dn-1"}))["on_hand"] == 5
    twice = admin.post(f"/stock/{code}/receipts", {"quantity": 5, "reference": "dn-1"})
    assert (twice.status, twice.problem) == (409, "duplicate")
    lost = ok(admin.post(f"/stock/{code}/adjustments", {"change": -2, "reason": "broken"}))
    assert (lost["id"], lost["version"], lost["on_hand"]) == (code, 2, 3)
    below = admin.post(f"/stock/{code}/adjustments", {"change": -4, "reason": "stolen"})
    assert (below.status, below.problem, below.pointers) == (409, "insufficient-stock", ["/change"])
    assert admin.post(f"/stock/{sku()}/adjustments", {"change": 1, "reason": "found"}).status == 404


def test_order(admin: Client) -> None:
    """An order is placed at the catalog's prices, confirmed by the saga, shipped and delivered."""
    code, buyer = stocked(admin, price=339), customer(admin)
    placed = admin.post("/orders", {"customer_id": buyer, "lines": [{"sku": code, "quantity": 3}]})
    body = ok(placed, 201)
    assert (body["status"], body["total"], body["currency"]) == ("placed", 1017, "GBP")
    path = placed.headers["location"]
    assert path == f"/orders/{body['id']}"
    assert admin.post(f"{path}/deliver").problem == "wrong-state"
    assert answered(admin, body["id"])["status"] == "confirmed"
    for step, status in (("ship", "shipped"), ("deliver", "delivered")):
        done = ok(admin.post(f"{path}/{step}"))
        assert done["status"] == status
        assert ok(admin.post(f"{path}/{step}", {}))["version"] == done["version"]
    assert admin.post(f"{path}/cancel").problem == "wrong-state"


def test_cancel_with_reason(admin: Client) -> None:
    """A confirmed order can still be cancelled, and shows the reason."""
    id = order(admin)
    assert answered(admin, id)["status"] == "confirmed"
    body = ok(admin.post(f"/orders/{id}/cancel", {"reason": "changed my mind"}))
    assert (body["status"], body["reason"]) == ("cancelled", "changed my mind")


def test_order_of_what_is_not_there(admin: Client) -> None:
    """The order is rejected by the saga, shows the shortages, and can neither be shipped nor cancelled."""
    code = stocked(admin, 2)
    id = order(admin, code=code, quantity=3)
    shown = answered(admin, id)
    assert (shown["status"], shown["shortages"]) == ("rejected", [{"sku": code, "requested": 3, "available": 2}])
    for step in ("ship", "cancel"):
        refused = admin.post(f"/orders/{id}/{step}")
        assert (refused.status, refused.problem, refused.json["status_now"]) == (409, "wrong-state", "rejected")


def test_order_that_cannot_be(admin: Client) -> None:
    """An unknown customer, unknown and discontinued products, and two currencies are each named."""
    buyer, good, euro = customer(admin), product(admin), product(admin, currency="EUR")
    gone = product(admin)
    ok(admin.delete(f"/products/{gone}"))

    def place(*skus: str, customer_id: str = buyer) -> Answer:
        lines = [{"sku": code, "quantity": 1} for code in skus]
        return admin.post("/orders", {"customer_id": customer_id, "lines": lines})

    answers = [place(good, customer_id="cus_0"), place(good, "none"), place(good, gone), place(good, euro)]
    assert [(answer.status, answer.problem, answer.pointers) for answer in answers] == [
        (422, "unknown-customer", ["/customer_id"]),
        (422, "unknown-product", ["/lines/1/sku"]),
        (409, "discontinued", ["/lines/1/sku"]),
        (422, "mixed-currencies", ["/lines"]),
    ]


def test_order_of_a_hundred_skus(admin: Client) -> None:
    """Ninety-nine SKUs are DynamoDB's limit. A hundred are refused before anything is read."""
    lines = [{"sku": f"S{number}", "quantity": 1} for number in range(100)]
    answer = admin.post("/orders", {"customer_id": customer(admin), "lines": lines})
    assert (answer.status, answer.pointers) == (422, ["/lines"])


def test_stated_prices_and_dates(admin: Client, staff: Client) -> None:
    """Staff may state prices. Only an admin may state the date. Nobody may state a date in the future."""
    code, buyer = product(admin), customer(admin)
    new: dict[str, Any] = {"customer_id": buyer, "lines": [{"sku": code, "quantity": 2, "unit_price": 1}]}
    assert ok(staff.post("/orders", new), 201)["total"] == 2
    dated = {**new, "placed_at": "2010-12-01T08:26:00+01:00"}
    assert staff.post("/orders", dated).status == 403
    assert ok(admin.post("/orders", dated), 201)["placed_at"] == "2010-12-01T07:26:00.000Z"
    for moment in ("2999-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2010-12-01T08:26:00", "yesterday"):
        assert admin.post("/orders", {**new, "placed_at": moment}).pointers == ["/placed_at"]


def test_reference_is_unique(admin: Client) -> None:
    """An order's reference is taken for ever. The refusal names the order that has it."""
    buyer, code, reference = customer(admin), product(admin), f"ref/{sku()}"
    new = {"customer_id": buyer, "reference": reference, "lines": [{"sku": code, "quantity": 1}]}
    id = ok(admin.post("/orders", new), 201)["id"]
    again = admin.post("/orders", new)
    assert (again.status, again.problem, again.json["existing"]) == (409, "duplicate", id)


def test_a_customer_orders_a_limited_number_of_pieces(stack: Stack, admin: Client) -> None:
    """More pieces are refused with 422, over however many lines, and nothing is reserved. Staff may order more."""
    id, code = customer(admin), stocked(admin, 5000)
    own = stack.client("customer", id)
    for lines in ([1001], [500, 501]):
        answer = own.post("/orders", {"lines": [{"sku": code, "quantity": pieces} for pieces in lines]})
        assert (answer.status, answer.problem) == (422, "too-many-pieces")
        assert answer.json["errors"] == [{"detail": "1001 pieces; the limit is 1000", "pointer": "/lines"}]
    body = {"customer_id": id, "lines": [{"sku": code, "quantity": 1001}]}
    assert admin.post("/orders", body).status == 201
    assert own.post("/orders", {"lines": [{"sku": code, "quantity": 1000}]}).status == 201
