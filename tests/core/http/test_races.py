"""Many clients at once: no successful change is lost, and nothing happens twice."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable

from tests.core.things import account, unique
from tests.support.client import Answer, Client
from tests.support.waiting import PATIENT_SECONDS


def at_once(count: int, attempt: Callable[[int], Answer]) -> list[Answer]:
    """Return the answers of that many threads, which all begin together. Each repeats its request while it gets 503.

    They wait as Retry-After says. A request whose outcome may be unknown has an Idempotency-Key.
    """
    barrier, answers = threading.Barrier(count), [None] * count
    failures: list[BaseException] = []

    def run(number: int) -> None:
        barrier.wait()
        try:
            deadline = time.monotonic() + PATIENT_SECONDS
            while (answer := attempt(number)).status == 503 and time.monotonic() < deadline:
                time.sleep(random.uniform(0.5, 2))
            answers[number] = answer  # type: ignore[call-overload]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    return answers  # type: ignore[return-value]


def test_two_hundred_deposits_into_one_account(chief: Client) -> None:
    """Every accepted deposit is in the balance, versions have no gap, and all other requests got 409."""
    number = account(chief)
    path = f"/accounts/{number}/deposits"
    answers = at_once(200, lambda n: chief.post(path, {"amount": 1}, Idempotency_Key=f"{number}-{n}"))
    statuses = Counter(answer.status for answer in answers)
    assert set(statuses) <= {200, 409}, statuses
    accepted = [answer.json for answer in answers if answer.status == 200]
    assert accepted
    assert sorted(body["version"] for body in accepted) == list(range(2, len(accepted) + 2))
    last = chief.post(f"/accounts/{number}/deposits", {"amount": 1}).json
    assert (last["balance"], last["version"]) == (len(accepted) + 1, len(accepted) + 2)


def test_two_hundred_changes_of_one_version(chief: Client) -> None:
    """Under If-Match, exactly one request wins, and all others get 412."""
    id = account(chief)
    path = f"/accounts/{id}"
    answers = at_once(200, lambda n: chief.patch(path, {"note": f"N{n}"}, If_Match='"1"', Idempotency_Key=f"{id}-{n}"))
    assert Counter(answer.status for answer in answers) == {200: 1, 412: 199}
    (winner,) = (answer.json["note"] for answer in answers if answer.status == 200)
    assert chief.patch(f"/accounts/{id}", {}).json["note"] == winner


def test_twenty_times_the_same_request(chief: Client) -> None:
    """Twenty equal POSTs with the same key at once open one account and get twenty equal answers."""
    body, key = {"number": unique(), "name": unique()}, unique()
    answers = at_once(20, lambda _: chief.post("/accounts", body, Idempotency_Key=key))
    assert {answer.status for answer in answers} == {201}, Counter(answer.status for answer in answers)
    assert len({answer.body for answer in answers}) == 1
    assert len({answer.headers["consistency-token"] for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) <= 1
    assert chief.post("/accounts", body).json["existing"] == answers[0].json["id"]


def test_twenty_for_one_name(chief: Client) -> None:
    """Of twenty accounts that request one name at once, one gets it."""
    name = unique()
    numbers = [unique() for _ in range(20)]
    answers = at_once(
        20, lambda n: chief.post("/accounts", {"number": numbers[n], "name": name}, Idempotency_Key=numbers[n])
    )
    assert Counter(answer.status for answer in answers) == {201: 1, 409: 19}
