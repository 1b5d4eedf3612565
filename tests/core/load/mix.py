"""The neutral domain's part of a load: new accounts and transfers, which are changed, cancelled and settled."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from local.load import Mix, Shown
from local.load.client import TimedResponse
from local.load.commanding import Commander
from local.load.mix import MOST_LISTED, Act, Draw, Ready

MONEY = 1_000_000
TRANSFERS = 45.0
_ACCOUNTS, _OWNERS = 60, 20
_ACCEPTED = "/transfers?status=accepted&limit=50"


class AccountsMix(Mix):
    """The neutral domain's mix of commands and queries. See `Mix`.

    Args:
        transfers: how many of 100 commands request a transfer. The saga runs two more commands for each transfer.
    """

    lists = (
        "/transfers?limit=50",
        "/transfers?sort=-volume&limit=20",
        _ACCEPTED,
        "/transfers?status=settled&sort=volume&limit=20",
        "/accounts?sort=-balance&limit=20",
        "/accounts?sort=name&limit=50",
        "/accounts?q=account&limit=20",
    )

    def __init__(self, transfers: float = TRANSFERS) -> None:
        beside: dict[Act, float] = {
            self.deposit: 12,
            self.rename: 12,
            self.note: 8,
            self.open: 11,
            self.settle: 7,
            self.cancel: 5,
        }
        self._draw = Draw(self.request, transfers, beside)
        self.accounts: list[str] = []
        self.transfers: list[str] = []
        self._to_settle = Ready()

    def is_open(self) -> bool:
        """See `Mix.is_open`."""
        return len(self.accounts) >= _ACCOUNTS

    def open(self, commander: Commander) -> None:
        """See `Mix.open`. Open an account with more money than will ever be moved."""
        number = uuid.uuid4().hex
        body = {"number": number, "name": f"Account {number[:12]}"}
        opened = commander.send("open", "accounts", number, "POST", "/accounts", body, Idempotency_Key=number)
        if opened.good and self._deposit(commander, number).good:
            self.accounts.append(number)

    def act(self, commander: Commander) -> None:
        """See `Mix.act`."""
        self._draw(commander.chance)(commander)

    def shown(self, service: str, answer: Mapping[str, Any]) -> Shown:
        """See `Mix.shown`."""
        if service == "accounts":
            return Shown(f"/accounts/{answer['id']}")
        return Shown(f"/transfers/{answer['id']}", list=f"/transfers?owner={answer['owner']}&limit={MOST_LISTED}")

    def listed(self, path: str, items: Sequence[Mapping[str, Any]]) -> None:
        """See `Mix.listed`. Accepted transfers can be settled."""
        if path == _ACCEPTED:
            self._to_settle.note(item["id"] for item in items)

    def deposit(self, commander: Commander) -> None:
        """Deposit money into an account."""
        self._deposit(commander, commander.chance.choice(self.accounts))

    def rename(self, commander: Commander) -> None:
        """Change an account's name, which no other account may have: a transaction."""
        self._change(commander, "rename", {"name": f"Account {uuid.uuid4().hex}"})

    def note(self, commander: Commander) -> None:
        """Change an account's note: a single put."""
        self._change(commander, "note", {"note": uuid.uuid4().hex})

    def request(self, commander: Commander) -> None:
        """Request a transfer from one account to a few."""
        chance = commander.chance
        source, *targets = chance.sample(self.accounts, chance.randint(2, 5))
        amounts = [chance.randint(1, 5) for _ in targets]
        legs = [{"account": source, "amount": -sum(amounts)}]
        legs += [{"account": target, "amount": amount} for target, amount in zip(targets, amounts, strict=True)]
        body = {"owner": f"usr_{chance.randrange(_OWNERS)}", "legs": legs}
        answer = commander.create("request", "transfers", "/transfers", body)
        if answer.good:
            self.transfers.append(answer.body["id"])

    def cancel(self, commander: Commander) -> None:
        """Cancel an earlier transfer, which may be too late."""
        if self.transfers:
            id = commander.chance.choice(self.transfers[-500:])
            path, body = f"/transfers/{id}/cancel", {"reason": "load"}
            commander.send("cancel", "transfers", id, "POST", path, body, changes=False)

    def settle(self, commander: Commander) -> None:
        """Settle a transfer that was seen to be accepted; if there is none, request another."""
        id = self._to_settle.take()
        if id is None:
            self.request(commander)
        else:
            commander.send("settle", "transfers", id, "POST", f"/transfers/{id}/settle", changes=False)

    def _change(self, commander: Commander, what: str, body: Mapping[str, str]) -> None:
        number = commander.chance.choice(self.accounts)
        commander.send(what, "accounts", number, "PATCH", f"/accounts/{number}", body)

    def _deposit(self, commander: Commander, number: str) -> TimedResponse:
        path, body = f"/accounts/{number}/deposits", {"amount": MONEY}
        return commander.send("deposit", "accounts", number, "POST", path, body)
