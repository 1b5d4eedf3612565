"""The routes of accounts."""

from typing import Any

import msgspec

from chalicelib.core.commands.pipeline import Envelope
from chalicelib.core.errors import Fault, Forbidden, Invalid
from chalicelib.core.http.chalice_adapter import Api
from chalicelib.core.http.endpoint import Call
from chalicelib.core.queries.limit import QueryCursor
from chalicelib.core.queries.listing import Page
from tests.core.domain.accounts.bodies import AccountAnswer, AccountChange, ClosedAnswer, NewAccount, NewDeposit
from tests.core.domain.accounts.commands import AccountsCommand, ChangeDetails, Close, Deposit, Open
from tests.core.domain.accounts.domain import Account
from tests.core.domain.accounts.queries import (
    AccountDetail,
    AccountFilters,
    AccountSummary,
    get_account,
    list_accounts,
)
from tests.core.domain.fields import Number

api = Api("accounts", id=Number)


@api.command("POST", "/accounts", "accounts.open", body=NewAccount, answer=AccountAnswer, location="/accounts/{id}")
def open_(call: Call[NewAccount]) -> Envelope:
    """Open an account, or a closed one again. A role without all permissions opens it for itself."""
    owner = call.body.owner or call.principal.subject
    if call.own and owner != call.own:
        raise Forbidden("This token opens accounts of its own only; leave the owner out.")
    command = Open(at=call.at, owner=owner, name=call.body.name, note=call.body.note)
    return call.envelope(command, (call.body.number,), new_ids=True, owner=_owner)


@api.command("PATCH", "/accounts/{id}", "accounts.change", body=AccountChange, answer=AccountAnswer)
def change(call: Call[AccountChange]) -> Envelope:
    """Change an account's name or note."""
    return _step(call, ChangeDetails(name=call.body.name, note=call.body.note), call["id"])


@api.command("POST", "/accounts/{id}/deposits", "accounts.deposit", body=NewDeposit, answer=AccountAnswer)
def deposit(call: Call[NewDeposit]) -> Envelope:
    """Deposit money into an account."""
    return _step(call, Deposit(call.body.amount, call.body.reference), call["id"])


@api.command("DELETE", "/accounts/{id}", "accounts.close", answer=ClosedAnswer)
def close(call: Call[None]) -> Envelope:
    """Close an empty account. Its name becomes available again."""
    return _step(call, Close(), call["id"])


def _step(call: Call[Any], command: AccountsCommand, id: str) -> Envelope:
    return call.envelope(command, (id,), owner=_owner)


def _owner(account: Account) -> str:
    return account.owner


@api.query("/accounts", "accounts.list", parameters=AccountFilters, answer=AccountSummary, is_list=True)
def list_(call: Call[AccountFilters], cursor: QueryCursor) -> Page[AccountSummary]:
    """List accounts. A role that may see only its own accounts gets those."""
    filters = call.body
    if call.own is not None:
        if filters.owner not in (None, call.own):
            detail = "only accounts of your own can be listed"
            raise Invalid(f"owner: {detail}.", faults=[Fault(detail, parameter="owner")])
        filters = msgspec.structs.replace(filters, owner=call.own)
    return list_accounts(cursor, filters, call.runtime.signer)


@api.query("/accounts/{id}", "accounts.get", answer=AccountDetail)
def get(call: Call[None], cursor: QueryCursor) -> AccountDetail:
    """Show an account with its turnover."""
    account = call.found(get_account(cursor, call["id"]), "account")
    call.require_own(account.owner)
    return account
