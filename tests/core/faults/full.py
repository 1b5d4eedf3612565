"""Requests to a stack of `make run`, for tests of a full disk."""

from tests.support.client import Answer, Client
from tests.support.running import Run

COMMANDS = 40


def open_accounts(client: Client) -> str:
    """Open accounts, and return the last one's consistency token."""
    bodies = [{"number": f"N-{number}", "name": f"Ada {number}"} for number in range(COMMANDS)]
    answers = [client.post("/accounts", body) for body in bodies]
    assert {answer.status for answer in answers} == {201}
    return answers[-1].headers["consistency-token"]


def listed(client: Client, **headers: str) -> Answer:
    """Return all accounts."""
    return client.get("/accounts", {"limit": 200}, **headers)


def hear_until(run: Run, text: str) -> str:
    """Return the stack's output up to a text."""
    assert run.process is not None
    assert run.process.stdout is not None
    told = ""
    while text not in told:
        line = run.process.stdout.readline()
        assert line, told
        told += line
    return told
