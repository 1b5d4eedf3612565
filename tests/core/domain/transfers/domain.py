"""The rules of transfers: requested -> accepted or refused; accepted -> settled; cancelled until it is settled.

A repeated step succeeds and changes nothing, so any step may be repeated.
"""

from collections.abc import Sequence
from typing import ClassVar, assert_never

import msgspec

from chalicelib.core.decider import Event, FieldPath, Missing, Rejected, State, Unacceptable
from tests.core.domain.transfers.commands import (
    Accept,
    Cancel,
    Expire,
    Leg,
    Refuse,
    Request,
    Settle,
    Shortfall,
    TransfersCommand,
)


class Transfer(State, frozen=True):
    """A transfer. Its volume is the money that leaves accounts."""

    owner: str
    status: str
    volume: int
    requested_at: str
    legs: list[Leg]
    reference: str | None = None
    reason: str | None = None
    shortfalls: list[Shortfall] = msgspec.field(default_factory=list)


class TransferRequested(Event, frozen=True):
    """A transfer was requested."""

    held_by_state: ClassVar[frozenset[str]] = frozenset({"legs"})

    owner: str
    volume: int
    requested_at: str
    legs: list[Leg]
    reference: str | None = None


class TransferAccepted(Event, frozen=True):
    """A transfer was accepted: all of its money is held."""


class TransferRefused(Event, frozen=True):
    """A transfer was refused."""

    shortfalls: list[Shortfall]


class TransferCancelled(Event, frozen=True):
    """A transfer was cancelled. `was` is its status before."""

    was: str
    reason: str | None = None


class TransferSettled(Event, frozen=True):
    """A transfer was settled: its money moves."""


class TransferExpired(Event, frozen=True):
    """A transfer was not settled in time. `was` is its status before."""

    was: str


TransferEvent = (
    TransferRequested | TransferAccepted | TransferRefused | TransferCancelled | TransferSettled | TransferExpired
)
# The statuses in which a transfer waits.
WAITING = ("requested", "accepted")


def decide(command: TransfersCommand, state: Transfer | None) -> Sequence[TransferEvent]:
    """Return the events that a command causes for a transfer."""
    if isinstance(command, Request):
        return [_request(command, state)]
    if state is None:
        raise Missing("There is no such transfer; check its id.")
    match command:
        case Accept():
            done = _step(state, "accepted", since=("requested",), after=("settled",))
            return [] if done else [TransferAccepted()]
        case Refuse(shortfalls=shortfalls):
            done = _step(state, "refused", since=("requested",))
            return [] if done else [TransferRefused(shortfalls=shortfalls)]
        case Cancel(reason=reason):
            done = _step(state, "cancelled", since=WAITING)
            return [] if done else [TransferCancelled(was=state.status, reason=reason)]
        case Settle():
            return [] if _step(state, "settled", since=("accepted",)) else [TransferSettled()]
        case Expire(before=before):
            overdue = state.status in WAITING and state.requested_at < before
            return [TransferExpired(was=state.status)] if overdue else []
    assert_never(command)


def evolve(state: Transfer | None, event: TransferEvent) -> Transfer:
    """Return the state after an event."""
    if isinstance(event, TransferRequested):
        return Transfer(
            owner=event.owner,
            status="requested",
            volume=event.volume,
            requested_at=event.requested_at,
            legs=event.legs,
            reference=event.reference,
        )
    if state is None:
        raise TypeError(f"{type(event).__name__} cannot be a transfer's first event")
    match event:
        case TransferAccepted():
            return msgspec.structs.replace(state, status="accepted")
        case TransferRefused(shortfalls=shortfalls):
            return msgspec.structs.replace(state, status="refused", shortfalls=shortfalls)
        case TransferCancelled(reason=reason):
            return msgspec.structs.replace(state, status="cancelled", reason=reason)
        case TransferSettled():
            return msgspec.structs.replace(state, status="settled")
        case TransferExpired():
            return msgspec.structs.replace(state, status="cancelled", reason="expired")
    assert_never(event)


def _step(state: Transfer, to: str, *, since: tuple[str, ...], after: tuple[str, ...] = ()) -> bool:
    """Return whether the step was made before. Raises Rejected if the step is neither possible nor made before."""
    if state.status == to or state.status in after:
        return True
    if state.status not in since:
        raise Rejected(
            "wrong-state",
            f"The transfer is {state.status}; only one that is {' or '.join(since)} can become {to}.",
            status_now=state.status,
        )
    return False


def _request(command: Request, state: Transfer | None) -> TransferRequested:
    if state is not None:
        raise Rejected("duplicate", "This transfer was requested before.")
    _check_accounts(command)
    if sum(leg.amount for leg in command.legs):
        raise Unacceptable("unbalanced", "The legs do not add up to 0.", faults={("legs",): "do not add up to 0"})
    return TransferRequested(
        owner=command.owner,
        volume=sum(leg.amount for leg in command.legs if leg.amount > 0),
        requested_at=command.requested_at,
        legs=list(command.legs),
        reference=command.reference,
    )


def _check_accounts(command: Request) -> None:
    """Check that every account exists and is open, and if required, that money leaves only the owner's accounts."""
    legs = list(enumerate(command.legs))
    unknown: dict[FieldPath, str] = {
        ("legs", i, "account"): "no such account" for i, leg in legs if leg.account not in command.accounts
    }
    if unknown:
        raise Unacceptable("unknown-account", "Some accounts do not exist; correct them.", faults=unknown)
    closed: dict[FieldPath, str] = {
        ("legs", i, "account"): "closed" for i, leg in legs if command.accounts[leg.account].closed
    }
    if closed:
        raise Rejected("closed", "Some accounts are closed; use others.", faults=closed)
    foreign: dict[FieldPath, str] = {
        ("legs", i, "account"): "belongs to somebody else"
        for i, leg in legs
        if command.of_owner and leg.amount < 0 and command.accounts[leg.account].owner != command.owner
    }
    if foreign:
        raise Rejected("foreign-account", "Money can leave accounts of your own alone.", faults=foreign)
