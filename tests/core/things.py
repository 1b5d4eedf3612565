"""Accounts and transfers for tests over HTTP. Each call makes new ones."""

import itertools
import os
from typing import Any

from tests.support.client import Client
from tests.support.waiting import eventually

_numbers = itertools.count(1)


def unique() -> str:
    """Return a text that no other test uses, for an account's number, a name, a reference or a key."""
    return f"T{os.getpid()}-{next(_numbers)}"


def account(api: Client, balance: int = 0, **details: Any) -> str:
    """Open an account, deposit money into it, and return its number. `details` replaces made-up values."""
    number = unique()
    answer = api.post("/accounts", {"number": number, "name": f"Account {number}", **details})
    assert answer.status == 201, answer
    if balance:
        assert api.post(f"/accounts/{number}/deposits", {"amount": balance}).status == 200
    return number


def legs(source: str, target: str, amount: int = 10) -> list[dict[str, Any]]:
    """Return the legs of a transfer from one account to another."""
    return [{"account": source, "amount": -amount}, {"account": target, "amount": amount}]


def transfer(api: Client, source: str | None = None, target: str | None = None, amount: int = 10, **body: Any) -> str:
    """Request a transfer, out of an account with enough money unless one is given, and return its id."""
    listed = legs(source or account(api, 1000), target or account(api), amount)
    answer = api.post("/transfers", {"legs": listed, **body})
    assert answer.status == 201, answer
    return str(answer.json["id"])


def seen(api: Client, *numbers: str) -> str:
    """Return a Consistency-Token of the accounts' present versions, for a query that shows them with other items."""
    answers = [api.patch(f"/accounts/{number}", {}) for number in numbers]
    return ", ".join(answer.headers["consistency-token"] for answer in answers)


def answered(api: Client, id: str) -> Any:
    """Return a transfer as GET shows it, once the accounts have accepted or refused it."""

    def is_answered() -> bool:
        shown = api.get(f"/transfers/{id}")
        return shown.status == 200 and shown.json["status"] != "requested"

    assert eventually(is_answered), api.get(f"/transfers/{id}")
    return api.get(f"/transfers/{id}").json
