"""The rules of accounts: never below zero, and a transfer gets all of its money or none.

There are two kinds of aggregate. An account, by its number, holds money. A hold, one for each transfer, is the saga's
memory: a repeated step succeeds and changes nothing.
"""

from collections.abc import Mapping, Sequence
from typing import assert_never

import msgspec

from chalicelib.core.decider import Event, Missing, Rejected, State, differences
from tests.core.domain.accounts.commands import (
    AccountsCommand,
    ChangeDetails,
    Close,
    Deposit,
    Hold,
    OfOneAccount,
    Open,
    Release,
    Settle,
)

HOLD_PREFIX = "hold#"


class Account(State, frozen=True):
    """An account: its money, the part that is promised to transfers, and the money that it is promised."""

    owner: str
    name: str
    opened_at: str
    note: str = ""
    balance: int = 0
    held: int = 0
    expected: int = 0


class Shortfall(msgspec.Struct, frozen=True):
    """An account that had less than a transfer needs. An account that is not open has nothing."""

    account: str
    requested: int
    available: int


class Promise(State, frozen=True):
    """The promise to a transfer. Its status is held, short, released or settled. `legs`: the change of each account."""

    status: str
    legs: dict[str, int] = msgspec.field(default_factory=dict)
    shortfalls: list[Shortfall] = msgspec.field(default_factory=list)


class AccountOpened(Event, frozen=True):
    """An account was opened, for the first time or again."""

    owner: str
    name: str
    at: str
    note: str = ""


class AccountChanged(Event, frozen=True):
    """The name or the note changed. Only changed fields are set."""

    changes: dict[str, str]


class MoneyDeposited(Event, frozen=True):
    """Money was deposited."""

    amount: int
    reference: str | None = None


class AccountClosed(Event, frozen=True):
    """The account is no longer in use."""


class LegHeld(Event, frozen=True):
    """The account's part of a transfer was promised: out of it (negative) or into it (positive)."""

    transfer_id: str
    amount: int


class LegReleased(Event, frozen=True):
    """The account's part of a transfer will not happen."""

    transfer_id: str
    amount: int


class LegSettled(Event, frozen=True):
    """The account's part of a transfer happened."""

    transfer_id: str
    amount: int


class HoldPlaced(Event, frozen=True):
    """All money of a transfer was promised."""

    transfer_id: str
    legs: dict[str, int]


class HoldShort(Event, frozen=True):
    """Nothing was promised to a transfer, because these accounts had too little."""

    transfer_id: str
    shortfalls: list[Shortfall]


class HoldReleased(Event, frozen=True):
    """The promise to a transfer was released, or will never be made."""

    transfer_id: str


class HoldSettled(Event, frozen=True):
    """A transfer's money moved."""

    transfer_id: str


AccountEvent = AccountOpened | AccountChanged | MoneyDeposited | AccountClosed | LegHeld | LegReleased | LegSettled
HoldEvent = HoldPlaced | HoldShort | HoldReleased | HoldSettled
AccountsStates = Mapping[str, Account | Promise | None]
"""What is addressed, by id; None where nothing is there yet."""
AccountsDecision = Mapping[str, Sequence[AccountEvent | HoldEvent]]


def hold_id(transfer_id: str) -> str:
    """Return the id of a transfer's hold."""
    return f"{HOLD_PREFIX}{transfer_id}"


def decide(command: AccountsCommand, states: AccountsStates) -> AccountsDecision:
    """Return the events that a command causes for the accounts and the hold that it addresses."""
    match command:
        case Hold():
            return _hold(command, states)
        case Release(transfer_id=transfer_id):
            return _release(transfer_id, states)
        case Settle(transfer_id=transfer_id):
            return _settle(transfer_id, states)
    (id,) = states
    return {id: _decide_one(command, _account(states, id), id)}


def _decide_one(command: OfOneAccount, account: Account | None, id: str) -> list[AccountEvent]:
    match command:
        case Open():
            if account and not account.deleted:
                raise Rejected("duplicate", f"{id} is open already; change it instead.", existing=id)
            return [AccountOpened(owner=command.owner, name=command.name, note=command.note, at=command.at)]
        case ChangeDetails():
            changes = differences(command, _open(account))
            return [AccountChanged(changes=changes)] if changes else []
        case Deposit():
            _open(account)
            return [MoneyDeposited(amount=command.amount, reference=command.reference)]
        case Close():
            return [_close(_open(account))]
    assert_never(command)


def _close(account: Account) -> AccountClosed:
    if account.balance or account.expected:
        raise Rejected(
            "not-empty",
            f"There are {account.balance} in it and {account.expected} are on their way; transfer them first.",
            balance=account.balance,
        )
    return AccountClosed()


def _hold(command: Hold, states: AccountsStates) -> AccountsDecision:
    id = hold_id(command.transfer_id)
    if states[id]:
        return {}  # the hold exists: this command is a redelivery
    short = [
        Shortfall(account=number, requested=max(0, -change), available=_available(account))
        for number, change in command.legs.items()
        if not _is_open(account := _account(states, number)) or _available(account) + change < 0
    ]
    if short:
        return {id: [HoldShort(transfer_id=command.transfer_id, shortfalls=short)]}
    return {
        id: [HoldPlaced(transfer_id=command.transfer_id, legs=dict(command.legs))],
        **{number: [LegHeld(transfer_id=command.transfer_id, amount=n)] for number, n in command.legs.items()},
    }


def _release(transfer_id: str, states: AccountsStates) -> AccountsDecision:
    id, hold = hold_id(transfer_id), _promise(states, transfer_id)
    if hold is None:
        return {id: [HoldReleased(transfer_id=transfer_id)]}  # before Hold, which will find this and promise nothing
    if hold.status != "held":
        return {}
    return {
        id: [HoldReleased(transfer_id=transfer_id)],
        **{number: [LegReleased(transfer_id=transfer_id, amount=n)] for number, n in hold.legs.items()},
    }


def _settle(transfer_id: str, states: AccountsStates) -> AccountsDecision:
    id, hold = hold_id(transfer_id), _promise(states, transfer_id)
    if hold is not None and hold.status == "settled":
        return {}
    if hold is None or hold.status != "held":
        raise Rejected("not-held", f"{transfer_id} has no hold ({hold.status if hold else 'unknown'}); nothing moved.")
    return {
        id: [HoldSettled(transfer_id=transfer_id)],
        **{number: [LegSettled(transfer_id=transfer_id, amount=n)] for number, n in hold.legs.items()},
    }


def evolve_account(state: Account | None, event: AccountEvent) -> Account:
    """Return an account after an event."""
    if isinstance(event, AccountOpened):
        return Account(owner=event.owner, name=event.name, note=event.note, opened_at=event.at)
    account = _open(state)
    change = msgspec.structs.replace
    match event:
        case AccountChanged(changes=changes):
            return change(account, **changes)
        case MoneyDeposited(amount=n):
            return change(account, balance=account.balance + n)
        case AccountClosed():
            return change(account, deleted=True)
        case LegHeld(amount=n):
            return change(account, held=account.held + max(0, -n), expected=account.expected + max(0, n))
        case LegReleased(amount=n):
            return change(account, held=account.held - max(0, -n), expected=account.expected - max(0, n))
        case LegSettled(amount=n):
            return change(
                account,
                balance=account.balance + n,
                held=account.held - max(0, -n),
                expected=account.expected - max(0, n),
            )
    assert_never(event)


def evolve_hold(state: Promise | None, event: HoldEvent) -> Promise:
    """Return a transfer's hold after an event."""
    legs = state.legs if state else {}
    match event:
        case HoldPlaced():
            return Promise(status="held", legs=event.legs)
        case HoldShort():
            return Promise(status="short", shortfalls=event.shortfalls)
        case HoldReleased():
            return Promise(status="released", legs=legs)
        case HoldSettled():
            return Promise(status="settled", legs=legs)
    assert_never(event)


def _account(states: AccountsStates, number: str) -> Account | None:
    state = states[number]
    return state if isinstance(state, Account) else None


def _promise(states: AccountsStates, transfer_id: str) -> Promise | None:
    state = states[hold_id(transfer_id)]
    return state if isinstance(state, Promise) else None


def _available(account: Account | None) -> int:
    return account.balance - account.held if account else 0


def _is_open(account: Account | None) -> bool:
    return account is not None and not account.deleted


def _open(account: Account | None) -> Account:
    if account is None or account.deleted:
        raise Missing("There is no such account, or it was closed. Check its number.")
    return account
