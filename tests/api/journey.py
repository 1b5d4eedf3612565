"""A transfer's journey with the generated client, run by .venv-api's Python with the client's folder, URL and token.

This is not a test; test_clients.py runs it. Every answer has to have the type that the description promises.
"""

import importlib
import sys
from typing import Any


def main(folder: str, url: str, token: str) -> None:
    """Open, deposit, request, repeat, read, list, change under a condition, and be refused."""
    sys.path.insert(0, folder)
    from accounts_client import AuthenticatedClient, models

    client = AuthenticatedClient(base_url=url, token=token, raise_on_unexpected_status=True)

    def call(operation: str, **arguments: Any) -> Any:
        tag, _, name = operation.partition(".")
        module = importlib.import_module(f"accounts_client.api.{tag}.{tag}_{name}")
        return module.sync_detailed(client=client, **arguments)

    number = f"G{token[-12:]}".replace("_", "-").strip("-")
    for each in (number, f"{number}-2"):
        made = call("accounts.open", body=models.NewAccount(number=each, name=f"Account {each}"))
        assert isinstance(made.parsed, models.AccountAnswer), made
    assert call("accounts.deposit", id=number, body=models.NewDeposit(amount=9)).parsed.balance == 9
    legs = [models.NewLeg(account=number, amount=-2), models.NewLeg(account=f"{number}-2", amount=2)]
    asked = call("transfers.request", body=models.NewTransfer(legs=legs), idempotency_key="g-1")
    assert isinstance(asked.parsed, models.TransferAnswer), asked
    again = call("transfers.request", body=models.NewTransfer(legs=legs), idempotency_key="g-1")
    assert again.parsed.id == asked.parsed.id
    seen = {"consistency_token": asked.headers["Consistency-Token"], "prefer": "wait=10"}
    transfer = call("transfers.get", id=asked.parsed.id, **seen).parsed
    assert isinstance(transfer, models.TransferDetail), transfer
    assert [leg.amount for leg in transfer.legs] == [-2, 2]
    page = call("transfers.list", account=number, limit=1, **seen).parsed
    assert [item.id for item in page.items] == [asked.parsed.id]
    shown = call("accounts.get", id=number, consistency_token=made.headers["Consistency-Token"])
    assert isinstance(shown.parsed, models.AccountDetail)
    stale = call("accounts.change", id=number, body=models.AccountChange(note="x"), if_match='"7"')
    assert (stale.status_code, type(stale.parsed)) == (412, models.ProblemDocument)
    refused = call("accounts.open", body=models.NewAccount(number="", name=""))
    assert {fault.pointer for fault in refused.parsed.errors} == {"/number", "/name"}
    missing = call("transfers.get", id="tra_none")
    assert (missing.status_code, missing.parsed.status) == (404, 404)


if __name__ == "__main__":
    main(*sys.argv[1:])
