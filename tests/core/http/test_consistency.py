"""A client reads its own writes, in lists as well, or learns that they cannot be shown yet."""

import time

import pytest

from tests.core.things import account, legs, transfer, unique
from tests.support.client import Answer, Client
from tests.support.over_http import Pump


def token_of(answer: Answer) -> str:
    """Return the token of a command's answer."""
    assert answer.status in (200, 201), answer
    return answer.headers["consistency-token"]


def ids(answer: Answer) -> list[str]:
    """Return the ids in a list."""
    assert answer.status == 200, answer
    return [item["id"] for item in answer.json["items"]]


def new(**details: str) -> dict[str, str]:
    """Return the body of an account to open."""
    return {"number": unique(), "name": unique(), **details}


def test_list_right_after_a_command(chief: Client) -> None:
    """A list that is requested right after a command, with its token, shows the change. This is tried fifty times."""
    source, target, owner = account(chief, 1000), account(chief), unique().replace("-", "_")
    for _ in range(50):
        made = chief.post("/transfers", {"owner": owner, "legs": legs(source, target)})
        listed = chief.get("/transfers", {"owner": owner, "limit": 1}, Consistency_Token=token_of(made))
        assert ids(listed) == [made.json["id"]]


def test_tokens_of_each_service(chief: Client) -> None:
    """Tokens of both services work on queries of either service, and on a list with a search."""
    word = unique().replace("-", "x")
    opened = chief.post("/accounts", new(name=f"Zebra {word}"))
    assert ids(chief.get("/accounts", {"q": f"zebra {word}"}, Consistency_Token=token_of(opened))) == [
        opened.json["id"]
    ]
    deposited = chief.post(f"/accounts/{opened.json['id']}/deposits", {"amount": 3})
    shown = chief.get(f"/accounts/{opened.json['id']}", Consistency_Token=token_of(deposited)).json
    assert (shown["balance"], shown["available"]) == (3, 3)
    made = chief.post("/transfers", {"legs": legs(opened.json["id"], account(chief), 1)})
    assert chief.get(made.headers["location"], Consistency_Token=token_of(made)).json["id"] == made.json["id"]


def test_several_tokens(chief: Client) -> None:
    """A query waits for all tokens of a header."""
    answers = [chief.post("/accounts", new()) for _ in range(3)]
    header = ", ".join(token_of(answer) for answer in answers)
    for answer in answers:
        assert chief.get(answer.headers["location"], Consistency_Token=header).status == 200


def test_tombstone(chief: Client) -> None:
    """With the token of a deletion, the deleted item is not shown."""
    id = account(chief)
    gone = chief.get(f"/accounts/{id}", Consistency_Token=token_of(chief.delete(f"/accounts/{id}")))
    assert gone.status == 404


@pytest.mark.parametrize("tokens", ["x", "a.b", "WyJvcmRlcnMiLCJ4IiwxXQ.AAAAAAAAAAAAAAAAAAAAAA", "é"])
def test_bad_token(chief: Client, tokens: str) -> None:
    """A token that this API did not issue is refused at once."""
    answer = chief.request("GET", "/transfers", **{"Consistency-Token": tokens, "Prefer": "wait=10"})
    assert (answer.status, answer.pointers) == (400, ["Consistency-Token"])


def test_pump_stopped(chief: Client, pump: Pump) -> None:
    """While the streams are stopped, the answer is 503 read-model-behind after the requested wait. Later, it is 200."""
    with pump.stopped():
        made = chief.post("/accounts", new())
        begun = time.monotonic()
        answer = chief.get(made.headers["location"], Consistency_Token=token_of(made), Prefer="wait=1")
        assert time.monotonic() - begun >= 1
        assert (answer.status, answer.problem) == (503, "read-model-behind")
        assert answer.headers["retry-after"]
        assert chief.get("/accounts", {"limit": 1}).status == 200  # without a token, the query shows what is there
    assert chief.get(made.headers["location"], Consistency_Token=token_of(made)).status == 200


def test_a_transfer_before_its_accounts(chief: Client) -> None:
    """A transfer is shown whatever arrives first, with its accounts' names or null."""
    source, target = account(chief, 10, name=f"Hedy {unique()}"), account(chief)
    made = transfer(chief, source, target)
    token = token_of(chief.post(f"/transfers/{made}/cancel"))
    shown = chief.get(f"/transfers/{made}", Consistency_Token=token).json
    assert [leg["account"] for leg in shown["legs"]] == [source, target]
    assert shown["legs"][0]["name"] is None or shown["legs"][0]["name"].startswith("Hedy")
