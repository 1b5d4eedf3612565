"""A client reads its own writes, in lists as well, or is told that it cannot yet."""

import time
from typing import Any

import pytest

from tests.http.things import customer, email, product, sku
from tests.support.client import Answer, Client


def token_of(answer: Answer) -> str:
    """The token of a command's answer."""
    assert answer.status in (200, 201), answer
    return answer.headers["consistency-token"]


def ids(answer: Answer) -> list[str]:
    """The ids that a list shows."""
    assert answer.status == 200, answer
    return [item.get("id", item.get("sku")) for item in answer.json["items"]]


def test_list_right_after_a_command(admin: Client) -> None:
    """Fifty times: the list sent right after a command, with its token, shows the change."""
    buyer, code = customer(admin), product(admin)
    for _ in range(50):
        placed = admin.post("/orders", {"customer_id": buyer, "lines": [{"sku": code, "quantity": 1}]})
        listed = admin.get("/orders", {"customer": buyer, "limit": 1}, Consistency_Token=token_of(placed))
        assert ids(listed) == [placed.json["id"]]


def test_every_kind_of_aggregate(admin: Client) -> None:
    """Tokens of all four services work, on queries of any of them."""
    code = sku()
    added = admin.post("/products", {"sku": code, "name": "Zebra mug", "price": 7, "currency": "GBP"})
    assert ids(admin.get("/products", {"q": "zebra", "limit": 200}, Consistency_Token=token_of(added)))
    received = admin.post(f"/stock/{code}/receipts", {"quantity": 3})
    shown = admin.get(f"/products/{code}", Consistency_Token=token_of(received)).json
    assert (shown["on_hand"], shown["available"]) == (3, 3)
    address = email()
    registered = admin.post("/customers", {"name": "Grace", "email": address})
    found = admin.get("/customers", {"q": address}, Consistency_Token=token_of(registered))
    assert registered.json["id"] in ids(found)


def test_several_tokens(admin: Client) -> None:
    """Several tokens in one header are all waited for."""
    answers = [admin.post("/customers", {"name": f"N{n}", "email": email()}) for n in range(3)]
    header = ", ".join(token_of(answer) for answer in answers)
    for answer in answers:
        assert admin.get(answer.headers["location"], Consistency_Token=header).status == 200


def test_tombstone(admin: Client) -> None:
    """With the token of a deletion, the deleted is gone."""
    id = customer(admin)
    gone = admin.get(f"/customers/{id}", Consistency_Token=token_of(admin.delete(f"/customers/{id}")))
    assert gone.status == 404


@pytest.mark.parametrize("tokens", ["x", "a.b", "WyJvcmRlcnMiLCJ4IiwxXQ.AAAAAAAAAAAAAAAAAAAAAA", "é"])
def test_bad_token(admin: Client, tokens: str) -> None:
    """A token that this API did not issue is refused at once, not waited for."""
    begun = time.monotonic()
    answer = admin.request("GET", "/orders", **{"Consistency-Token": tokens, "Prefer": "wait=10"})
    assert (answer.status, answer.pointers) == (400, ["Consistency-Token"])
    assert time.monotonic() - begun < 5


def test_projector_stopped(admin: Client, projector: Any) -> None:
    """With the projector stopped: 503 read-model-behind within the wait asked for, and afterwards the change."""
    with projector.stopped():
        made = admin.post("/customers", {"name": "Ada", "email": email()})
        begun = time.monotonic()
        answer = admin.get(made.headers["location"], Consistency_Token=token_of(made), Prefer="wait=1")
        waited = time.monotonic() - begun
        assert (answer.status, answer.problem) == (503, "read-model-behind")
        assert answer.headers["retry-after"]
        assert 0.9 < waited < 5
        assert admin.get("/customers", {"limit": 1}).status == 200  # without a token, what is there
    assert admin.get(made.headers["location"], Consistency_Token=token_of(made), Prefer="wait=10").status == 200


def test_order_before_its_customer(admin: Client) -> None:
    """Whatever arrives first, an order is shown; its customer's name is there or null."""
    buyer = customer(admin, "Hedy")
    placed = admin.post("/orders", {"customer_id": buyer, "lines": [{"sku": product(admin), "quantity": 1}]})
    shown = admin.get(f"/orders/{placed.json['id']}", Consistency_Token=token_of(placed)).json
    assert shown["customer"]["id"] == buyer
    assert shown["customer"]["name"] in ("Hedy", None)
