"""Many clients at once: nothing that was answered with a success is lost, and nothing happens twice."""

import threading
from collections import Counter
from collections.abc import Callable

from tests.http.things import customer, email, sku
from tests.support.client import Answer, Client


def at_once(count: int, attempt: Callable[[int], Answer]) -> list[Answer]:
    """The answers of that many threads, which all begin together."""
    barrier, answers = threading.Barrier(count), [None] * count
    failures: list[BaseException] = []

    def run(number: int) -> None:
        barrier.wait()
        try:
            answers[number] = attempt(number)  # type: ignore[call-overload]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    return answers  # type: ignore[return-value]


def test_two_hundred_receipts_of_one_sku(admin: Client) -> None:
    """Every receipt that was accepted is in the stock, versions have no gap, all others got 409."""
    code = sku()
    answers = at_once(200, lambda _: admin.post(f"/stock/{code}/receipts", {"quantity": 1}))
    statuses = Counter(answer.status for answer in answers)
    assert set(statuses) <= {200, 409}, statuses
    accepted = [answer.json for answer in answers if answer.status == 200]
    assert accepted
    assert sorted(body["version"] for body in accepted) == list(range(1, len(accepted) + 1))
    last = admin.post(f"/stock/{code}/receipts", {"quantity": 1}).json
    assert (last["on_hand"], last["version"]) == (len(accepted) + 1, len(accepted) + 1)


def test_two_hundred_changes_of_one_version(admin: Client) -> None:
    """Under If-Match exactly one wins; all others got 412."""
    id = customer(admin)
    answers = at_once(200, lambda n: admin.patch(f"/customers/{id}", {"name": f"N{n}"}, If_Match='"1"'))
    assert Counter(answer.status for answer in answers) == {200: 1, 412: 199}
    (winner,) = (answer.json["name"] for answer in answers if answer.status == 200)
    assert admin.patch(f"/customers/{id}", {}).json["name"] == winner


def test_twenty_times_the_same_request(admin: Client) -> None:
    """The same POST with the same key, twenty at once: one customer, twenty equal answers."""
    body, key = {"name": "Ada", "email": email()}, sku()
    answers = at_once(20, lambda _: admin.post("/customers", body, Idempotency_Key=key))
    assert {answer.status for answer in answers} == {201}, Counter(answer.status for answer in answers)
    assert len({answer.body for answer in answers}) == 1
    assert len({answer.headers["consistency-token"] for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert admin.post("/customers", body).json["existing"] == answers[0].json["id"]


def test_twenty_for_one_address(admin: Client) -> None:
    """Twenty customers want one e-mail address at once: one gets it."""
    address = email()
    answers = at_once(20, lambda n: admin.post("/customers", {"name": f"N{n}", "email": address}))
    assert Counter(answer.status for answer in answers) == {201: 1, 409: 19}
