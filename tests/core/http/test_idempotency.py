"""Idempotency keys: a request may be repeated, and takes effect once."""

from typing import Any

import pytest

from tests.core.things import account, unique
from tests.support.client import Answer, Client


def new() -> dict[str, str]:
    """Return the body of an account to open."""
    return {"number": unique(), "name": unique()}


def body_of(answer: Answer, status: int = 200) -> Any:
    """Return the body of a success."""
    assert answer.status == status, answer
    return answer.json


def test_the_same_request_again(chief: Client) -> None:
    """The same request gets the same answer again. Another request under the key is refused."""
    body, key = new(), unique()
    first = chief.post("/accounts", body, Idempotency_Key=key)
    second = chief.post("/accounts", body, Idempotency_Key=key)
    assert (first.status, second.status) == (201, 201)
    assert first.body == second.body
    assert (first.headers["etag"], first.headers["location"]) == (second.headers["etag"], second.headers["location"])
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    other = chief.post("/accounts", {**body, "name": "Eve"}, Idempotency_Key=key)
    assert (other.status, other.problem) == (422, "idempotency-key-reused")


def test_a_change(chief: Client) -> None:
    """A replayed change does not happen twice, and the replay does not depend on later changes."""
    id, key = account(chief), unique()
    first = chief.patch(f"/accounts/{id}", {"note": "B"}, Idempotency_Key=key, If_Match='"1"')
    body_of(chief.patch(f"/accounts/{id}", {"note": "C"}))
    second = chief.patch(f"/accounts/{id}", {"note": "B"}, Idempotency_Key=key, If_Match='"1"')
    assert (second.body, second.headers["idempotent-replayed"]) == (first.body, "true")
    assert body_of(chief.patch(f"/accounts/{id}", {}))["note"] == "C"


def test_what_adds_up(chief: Client) -> None:
    """A deposit that is sent three times under one key is made once."""
    id, key = account(chief), unique()
    for _ in range(3):
        answer = chief.post(f"/accounts/{id}/deposits", {"amount": 5}, Idempotency_Key=key)
        assert body_of(answer)["balance"] == 5
    assert body_of(chief.patch(f"/accounts/{id}", {}))["balance"] == 5


def test_after_a_refusal(chief: Client) -> None:
    """A refusal is not kept: the corrected request may use its key."""
    key, body = unique(), new()
    assert chief.post("/accounts", {**body, "name": ""}, Idempotency_Key=key).status == 422
    body_of(chief.post("/accounts", body, Idempotency_Key=key), 201)


@pytest.mark.parametrize("key", ["", "x" * 256, "with blank", "ümlaut"])
def test_bad_keys(chief: Client, key: str) -> None:
    """An invalid key is refused, and not ignored."""
    answer = chief.request("POST", "/accounts", new(), **{"Idempotency-Key": key})
    assert (answer.status, answer.pointers) == (400, ["Idempotency-Key"])


def test_keys_belong_to_whoever_sent_them(chief: Client, clerk: Client) -> None:
    """Two principals may use the same key without seeing each other's answers."""
    key = unique()
    mine = chief.post("/accounts", new(), Idempotency_Key=key)
    theirs = clerk.post("/accounts", new(), Idempotency_Key=key)
    assert body_of(mine, 201)["id"] != body_of(theirs, 201)["id"]
