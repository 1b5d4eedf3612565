"""The orders, customers and commands that a customer may reach."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.shop.http.things import answered, customer, email, order, sku, stocked
from tests.support.client import Client

Customer = Callable[[str], Client]


def test_customer_registers_itself(as_customer: Customer) -> None:
    """A customer's token registers the customer that it names, but only once."""
    id = f"cus_{sku().replace('-', 'x')}"
    made = as_customer(id).post("/customers", {"name": "Ada", "email": email()})
    assert (made.status, made.json["id"]) == (201, id)
    assert as_customer(id).post("/customers", {"name": "Ada", "email": email()}).problem == "duplicate"


def test_customer_and_its_own(admin: Client, as_customer: Customer) -> None:
    """A customer places orders for itself, sees its own items, and changes them."""
    id, code = customer(admin), stocked(admin)
    own = as_customer(id)
    placed = own.post("/orders", {"lines": [{"sku": code, "quantity": 1}]})
    assert (placed.status, placed.json["customer_id"]) == (201, id)
    path, token = placed.headers["location"], placed.headers["consistency-token"]
    assert own.get(path, Consistency_Token=token).status == own.get(f"{path}/timeline").status == 200
    assert [item["id"] for item in own.get("/orders").json["items"]] == [placed.json["id"]]
    changed = own.patch(f"/customers/{id}", {"name": "B"})
    token = changed.headers["consistency-token"]
    assert own.get(f"/customers/{id}/orders", Consistency_Token=token).status == changed.status == 200
    assert own.post(f"{path}/cancel").json["status"] == "cancelled"


def test_customer_and_others(admin: Client, as_customer: Customer) -> None:
    """A customer neither sees, changes nor cancels another's items, and cannot order for another."""
    other, code = customer(admin), stocked(admin)
    theirs = order(admin, other, code)
    assert answered(admin, theirs)["status"] == "confirmed"
    me = as_customer(customer(admin))
    hidden = [
        me.get(f"/orders/{theirs}"),
        me.get(f"/orders/{theirs}/timeline"),
        me.get(f"/customers/{other}"),
        me.get(f"/customers/{other}/orders"),
        me.patch(f"/customers/{other}", {"name": "mine"}),
        me.delete(f"/customers/{other}"),
        me.post(f"/orders/{theirs}/cancel"),
    ]
    assert [answer.status for answer in hidden] == [404] * len(hidden)
    answers = [
        me.post("/orders", {"customer_id": other, "lines": [{"sku": code, "quantity": 1}]}),
        me.post("/orders", {"lines": [{"sku": code, "quantity": 1, "unit_price": 1}]}),
        me.post("/orders", {"lines": [{"sku": code, "quantity": 1}], "placed_at": "2020-01-01T00:00:00Z"}),
    ]
    assert [answer.status for answer in answers] == [403] * len(answers)
    assert me.get("/orders", {"customer": other}).pointers == ["customer"]
    taken = me.post("/orders", {"lines": [{"sku": code, "quantity": 1}], "reference": sku()})
    assert taken.status == 403  # references are unique among all customers, so only the shop sets them
    assert admin.get(f"/orders/{theirs}").json["version"] == 2


def test_duplicate_is_discreet(admin: Client, as_customer: Customer) -> None:
    """A customer who tries an e-mail address learns that it is taken, but not by whom."""
    address, me = email(), as_customer(f"cus_{sku().replace('-', 'x')}")
    victim = admin.post("/customers", {"name": "Ada", "email": address}).json["id"]
    answer = me.post("/customers", {"name": "Eve", "email": address})
    assert (answer.status, answer.problem) == (409, "duplicate")
    assert victim not in answer.body.decode()


@pytest.mark.parametrize(
    "subject", ["heartbeat#", "claim#email#x", "no-customer", "cus_" + "x" * 99, "cus_1 ", "cus_1\x00"]
)
def test_subject_that_is_no_customer(stack: Any, subject: str) -> None:
    """A customer's token that names no customer is refused without a look-up."""
    me = Client(stack.url, stack.token("customer", subject))
    assert me.post("/orders", {"lines": [{"sku": "A", "quantity": 1}]}).status == 401
