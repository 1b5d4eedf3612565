"""Accounts and transfers for tests over HTTP, each new."""

import itertools
import os
from typing import Any

from tests.support.client import Client
from tests.support.waiting import eventually

_numbers = itertools.count(1)


def unique() -> str:
    """A text that no other test uses: good for an account's number, a name, a reference, a key."""
    return f"T{os.getpid()}-{next(_numbers)}"


def account(api: Client, balance: int = 0, **details: Any) -> str:
    """Open an account and put money into it; its number. `details` replaces what is made up."""
    number = unique()
    answer = api.post("/accounts", {"number": number, "name": f"Account {number}", **details})
    assert answer.status == 201, answer
    if balance:
        assert api.post(f"/accounts/{number}/deposits", {"amount": balance}).status == 200
    return number


def legs(source: str, target: str, amount: int = 10) -> list[dict[str, Any]]:
    """The legs of a transfer from one account to another."""
    return [{"account": source, "amount": -amount}, {"account": target, "amount": amount}]


def transfer(api: Client, source: str | None = None, target: str | None = None, amount: int = 10, **body: Any) -> str:
    """Request a transfer, out of an account with enough in it unless told otherwise; its id."""
    listed = legs(source or account(api, 1000), target or account(api), amount)
    answer = api.post("/transfers", {"legs": listed, **body})
    assert answer.status == 201, answer
    return str(answer.json["id"])


def seen(api: Client, *numbers: str) -> str:
    """The Consistency-Token of those accounts as they are, for a query that shows them beside something else."""
    answers = [api.patch(f"/accounts/{number}", {}) for number in numbers]
    return ", ".join(answer.headers["consistency-token"] for answer in answers)


def answered(api: Client, id: str) -> Any:
    """A transfer as GET shows it once the accounts have accepted or refused it."""

    def is_answered() -> bool:
        shown = api.get(f"/transfers/{id}")
        return shown.status == 200 and shown.json["status"] != "requested"

    assert eventually(is_answered), api.get(f"/transfers/{id}")
    return api.get(f"/transfers/{id}").json
