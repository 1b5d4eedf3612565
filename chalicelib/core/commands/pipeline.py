"""The command pipeline: load, decide, write once.

    envelope -> load heads -> own? -> decide -> condition? -> ONE write
                   ^                                             |
                   +-------- a lost race, at most 5 times -------+

The write has the idempotency key as a condition. So the response under the key is looked for only if a command was
refused, by whatever: the same request may have been the reason, when it came before (ADR 31). In the same way, ids that
are taken for new are loaded only if the write finds that they are not.

It knows no service: a service brings `decide`, `evolve` and its claims. Every error of the store
becomes what a client is shown here, and nowhere else.
"""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Any, NamedTuple

import msgspec

from chalicelib.core.access.permissions import Access, nothing_own, require_own
from chalicelib.core.backoff import pause_seconds
from chalicelib.core.commands.idempotency import CommandResponse, IdempotencyKey
from chalicelib.core.commands.store import (
    ClaimTaken,
    Commit,
    ItemTooLarge,
    KeptResponse,
    KeyUsed,
    LostRace,
    OutcomeUnknown,
    StoreUnreachable,
    Throttled,
    WriteStore,
)
from chalicelib.core.commands.unknown_members import with_unknown_members
from chalicelib.core.decider import Command, Event, Missing, Rejected, State, States, Unacceptable
from chalicelib.core.errors import (
    Conflict,
    Fault,
    Invalid,
    NotFound,
    Problem,
    TooLarge,
    TooManyRequests,
    Unavailable,
    json_pointer,
)
from chalicelib.core.service import AnyAggregate, ClaimChange, Head, NewerSchema, Service, Undeclared
from chalicelib.core.telemetry import log
from chalicelib.core.times import iso, to_utc, utc_now

TRIES = 5
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.02, 0.32
# Clocks of AWS differ by milliseconds. A command that waits for its turn does so for seconds.
_CLOCKS_DIFFER_BY_SECONDS = 60
# Refusals of the store that do not depend on which aggregates were thought to exist.
_OF_THE_STORE = (KeyUsed, ClaimTaken, Throttled, StoreUnreachable)


class Envelope(msgspec.Struct, frozen=True):
    """A command in progress, with its context.

    Attributes:
        name: "transfers.request", as in the table of permissions.
        command: what the service's `decide` takes.
        ids: the aggregates to load; the answer is about the first.
        actor: who asks: the token's subject, or the reactor.
        at: when the command came in, ISO 8601 UTC with milliseconds. A commit's own time is taken anew at each try.
        new_ids: nothing is expected under these ids: they were made for this command, or it adds something. The first
            try loads nothing. If something exists nevertheless, the condition of the write fails, and the next try
            loads it. So does the next try after a refusal, which may be wrong about what exists.
        access: how far the actor may go: with OWN, a first aggregate that exists has to be its own, what is missing is
            answered like what is another's, and a duplicate does not tell what it is a duplicate of.
        owner: the owner of the first aggregate: an id, or a function of its state. None means that nobody owns it: if
            it exists, a caller with OWN is refused.
        precondition: raises PreconditionFailed unless the client accepts that version (None: the first aggregate does
            not exist); None without a condition.
        in_body: the command's field -> its name in the request's body, if that differs.
        key: the idempotency key, if one was sent.
        keeps_unknown: whether what a newer release has stored in a state, and this one does not know, stays.
        may_release: whether it may release a claim, for which the reactor needs an IAM permission of its own.
        correlation: id of the request, in every line that is logged because of it; at most 64 characters.
        trace: X-Amzn-Trace-Id for what follows from the commit (`tracing.header`); "" where nothing is traced.
        clock: the present time, naive and UTC.
    """

    name: str
    command: Command
    ids: tuple[str, ...]
    actor: str
    at: str
    new_ids: bool = False
    access: Access = Access.ALL
    owner: str | Callable[[State], str | None] | None = None
    precondition: Callable[[int | None], None] | None = None
    in_body: Mapping[str, str] = msgspec.field(default_factory=dict)
    key: IdempotencyKey | None = None
    keeps_unknown: bool = True
    may_release: bool = True
    correlation: str = ""
    trace: str = ""
    clock: Callable[[], datetime] = utc_now


class CommandResult(NamedTuple):
    """The result of a command.

    Attributes:
        head: the head that the response is about.
        created: whether this commit made it.
    """

    head: Head
    created: bool


Render = Callable[[CommandResult], dict[str, Any]]
"""Makes the response from a command's result, as plain data. An idempotency key keeps it."""


def handle(service: Service, store: WriteStore, envelope: Envelope, render: Render) -> CommandResponse:
    """Run one command and return its response, new or kept.

    Raises:
        Problem: and nothing was written, except for 503 `outcome-unknown`, which says so.
    """
    try:
        response = run(service, store, envelope, render)
    except LostRace as lost:
        raise Conflict(f"{lost}; try again.") from lost
    except ClaimTaken as taken:
        raise _duplicate(taken, envelope) from taken
    except Missing as missing:
        raise (nothing_own() if envelope.access is Access.OWN else NotFound(missing.detail)) from missing
    except Unacceptable as refusal:
        raise Invalid(
            refusal.detail, code=refusal.code, faults=_faults(refusal, envelope), facts=refusal.facts
        ) from refusal
    except Rejected as refusal:
        raise Conflict(
            refusal.detail, code=refusal.code, faults=_faults(refusal, envelope), facts=refusal.facts
        ) from refusal
    except (ItemTooLarge, Throttled, StoreUnreachable, OutcomeUnknown, NewerSchema) as error:
        raise store_problem(error) from error
    if response.replayed:
        log.count("CommandReplays")
    return response


def store_problem(error: Exception) -> Problem:
    """The problem that a client gets for a store's error."""
    match error:
        case ItemTooLarge():
            return TooLarge("This command would store more than 400 KB. Send less.")
        case Throttled():
            return TooManyRequests(
                "The write store is throttling requests. Try again in a second.", headers={"Retry-After": "1"}
            )
        case OutcomeUnknown():
            return Unavailable(
                "The store gave no certain answer: the change may or may not have happened. Look before you send it "
                "again, or send it with an Idempotency-Key from the start, which makes repeating safe.",
                code="outcome-unknown",
            )
        case NewerSchema():
            return Unavailable(
                "A newer release of this service wrote what this command is about, and the release that answers cannot"
                " read it. Nothing was written. Try again after the next deployment.",
                code="newer-schema",
                retry_after=60,
            )
    return Unavailable("The write store cannot be reached. Nothing was written. Try again.")


def run(service: Service, store: WriteStore, envelope: Envelope, render: Render) -> CommandResponse:
    """Run one command; `handle` says of each error what a client is shown of it.

    Raises:
        Rejected: the rules refuse it.
        ClaimTaken: it wants what another aggregate holds.
        Problem: the owner, the version or the idempotency key does not allow it.
        LostRace: it lost the race every time.
        ItemTooLarge, Throttled, StoreUnreachable, OutcomeUnknown: see `store`.
        NewerSchema, UpcasterFailed: see `core/service/upcasting`.
        UnknownAggregate: the envelope names an id that no kind of aggregate of the service has.
    """
    loads = not envelope.new_ids
    for attempt in range(1, TRIES + 1):
        try:
            return _attempt(service, store, envelope, render, store.load(envelope.ids) if loads else None)
        except OutcomeUnknown:
            raise  # the store has looked for the key already
        except LostRace:
            if loads:
                _after_a_lost_race(envelope, attempt)
        except Exception as error:
            # Without the heads, only what the store itself refuses is certain.
            if loads or isinstance(error, _OF_THE_STORE):
                if kept := _kept(store, envelope):
                    return kept
                if not isinstance(error, KeyUsed):
                    raise
        loads = True
    if kept := _kept(store, envelope):
        return kept
    raise LostRace(f"Other commands changed the aggregate first, {TRIES} times in a row")


def _kept(store: WriteStore, envelope: Envelope) -> CommandResponse | None:
    """The response that the same request got before, if there is one.

    Raises:
        Invalid: the key was used for another request.
    """
    return envelope.key.replay(store) if envelope.key else None


def _after_a_lost_race(envelope: Envelope, attempt: int) -> None:
    log.count("CommandConflicts")
    # With a precondition, the next attempt answers 412 at once if the version has changed.
    if not envelope.precondition:
        time.sleep(pause_seconds(attempt, _FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS))


def _duplicate(taken: ClaimTaken, envelope: Envelope) -> Conflict:
    """The problem of a taken claim; whoever may see its own only is not told whose it is."""
    told = envelope.access is Access.ALL or taken.owner == envelope.actor
    by = f" by {taken.owner}" if told else ""
    return Conflict(
        f"This {taken.claim.kind} is taken{by}. Use another value.",
        code="duplicate",
        facts={"existing": taken.owner} if told else {},
    )


def _attempt(
    service: Service, store: WriteStore, envelope: Envelope, render: Render, heads: Mapping[str, Head] | None
) -> CommandResponse:
    """Decide and write once. Without heads, nothing was loaded, because all ids are taken for new."""
    loaded, heads = heads is not None, heads or {}
    states = {id: _state(service, id, heads.get(id)) for id in envelope.ids}
    first = envelope.ids[0]
    _check_owner(envelope, states[first])
    events = _decide(service, envelope, states, heads.get(first))
    new_heads, claims = _evolve(service, envelope, heads, states, events)
    if not loaded and len(new_heads) < len(envelope.ids):
        raise LostRace("nothing was loaded, and the write would not find out whether all of the ids are new")
    answered = next((head for head in new_heads if head.id == first), heads.get(first))
    if answered is None:
        raise RuntimeError(f"{envelope.name} decided nothing about {first}, which does not exist")
    response = render(
        CommandResult(answered, created=answered.id in events and (first not in heads or heads[first].deleted))
    )
    commit = Commit(
        id=new_heads[0].commit if new_heads else str(uuid.uuid4()),
        heads=new_heads,
        unchanged=[answered] if envelope.key and not new_heads else [],
        take=[(claim, id) for id, change in claims for claim in sorted(change.take)],
        release=[(claim, id) for id, change in claims for claim in sorted(change.release)],
        response=_keep(envelope.key, response),
        now=int(time.time()),
    )
    if commit.heads or commit.response:
        store.commit(commit)
    return CommandResponse(response, replayed=False)


def _state(service: Service, id: str, head: Head | None) -> State | None:
    """The state of an aggregate; None where there is none yet.

    Raises:
        UnknownAggregate: no kind of aggregate of the service has such an id.
    """
    kind = service.aggregate(id)
    return kind.state_of(head) if head else None


def _check_owner(envelope: Envelope, state: State | None) -> None:
    """Refuse a foreign aggregate if the actor may change only its own. `decide` refuses one that does not exist."""
    if state is not None:
        owner = envelope.owner(state) if callable(envelope.owner) else envelope.owner
        require_own(envelope.access, envelope.actor, owner)


def _decide(service: Service, envelope: Envelope, states: States, head: Head | None) -> dict[str, Sequence[Event]]:
    """What happens to which aggregate.

    A condition is looked at before a refusal, since the refusal may be about a state that the client has not seen; but
    what is not there has no version, and is missing under a condition as well (RFC 9110, 13.2.1).
    """
    version = head.version if head and not head.deleted else None
    try:
        events = service.decide(envelope.command, states)
    except Missing:
        raise
    except Rejected:
        _check_condition(envelope, version)
        raise
    _check_condition(envelope, version)
    return {id: done for id, done in events.items() if done}


def _check_condition(envelope: Envelope, version: int | None) -> None:
    if envelope.precondition:
        envelope.precondition(version)


def _evolve(
    service: Service,
    envelope: Envelope,
    heads: Mapping[str, Head],
    states: States,
    events: Mapping[str, Sequence[Event]],
) -> tuple[list[Head], list[tuple[str, ClaimChange]]]:
    """The new head, and the change of claims, of each aggregate that something happened to."""
    commit, new_heads, claims = str(uuid.uuid4()), [], []
    at = _commit_time(envelope, [heads[id] for id in events if id in heads])
    for id, done in events.items():
        kind, before = service.aggregate(id), states[id]
        after = _after(kind, before, done)
        new_heads.append(
            Head(
                id=id,
                version=heads[id].version + 1 if id in heads else 1,
                state=_next_state(envelope, heads.get(id), before, after),
                events=[_event(event, kind) for event in done],
                commit=commit,
                actor=envelope.actor,
                command=envelope.name,
                at=at,
                deleted=after.deleted,
                correlation=envelope.correlation,
                trace=envelope.trace,
                schema_version=kind.schema_version,
            )
        )
        change = kind.claim_change(id, before, after, done)
        if change.release and not envelope.may_release:
            raise Undeclared(
                f"{envelope.name} releases a claim without declaring it: add releases=True to the"
                f' Asks("{service.name}", ...) of the policy that asks for it, then run `make generate`'
            )
        claims.append((id, change))
    return new_heads, claims


def _after(kind: AnyAggregate, state: State | None, events: Sequence[Event]) -> State:
    """The state after events, of which there is at least one."""
    first, *others = events
    after: State = reduce(kind.evolve, others, kind.evolve(state, first))
    return after


def _commit_time(envelope: Envelope, replaced: Sequence[Head]) -> str:
    """The time of a commit: now, but never before the command came in, nor before a commit that this one follows.

    Clocks differ, are set back, and a command may have waited for its turn; versions alone say which commit was first.
    Times in a state, such as that of its creation, are the command's own and stay as they came. All times are written
    alike (`iso`), so that they compare as text.

    A predecessor whose clock was far ahead gives its time to all that follow, until the time has caught up. To refuse
    them would stop the aggregate for as long. So it is logged.
    """
    now = iso(envelope.clock())
    at = max([now, envelope.at, *(head.at for head in replaced)])
    if at > now and (ahead := (to_utc(at) - to_utc(now)).total_seconds()) > _CLOCKS_DIFFER_BY_SECONDS:
        log.warning("command: a clock is wrong, this one or that of an earlier commit", of=envelope.ids[0], ahead=ahead)
    return at


def _next_state(envelope: Envelope, head: Head | None, before: State | None, after: State) -> Mapping[str, Any]:
    """The state to store. Of one that was deleted, nothing that is not known stays."""
    if head is None or head.deleted or before is None or not envelope.keeps_unknown:
        return _stored(after)
    return with_unknown_members(head.state, _stored(before), _stored(after), type(after))


def _stored(state: State) -> dict[str, Any]:
    """The state as it is stored; a separate attribute of the item marks a tombstone."""
    return {name: value for name, value in msgspec.to_builtins(state).items() if name != "deleted"}


def _event(event: Event, kind: AnyAggregate) -> dict[str, Any]:
    """The event as it is stored: its type, its data, and the version of its schema unless that is 1."""
    data = msgspec.to_builtins(event)
    type, version = data.pop("type"), {}
    if (newest := kind.event_schema_version(type)) > 1:
        version = {"schema_version": newest}
    recorded = {name: value for name, value in data.items() if name not in event.held_by_state}
    return {"type": type, "data": recorded, **version}


def _keep(key: IdempotencyKey | None, response: Mapping[str, Any]) -> KeptResponse | None:
    return key.keep(response) if key else None


def _faults(refusal: Rejected, envelope: Envelope) -> list[Fault]:
    """The faults of a command's fields as faults of the body's."""
    return [
        Fault(detail, pointer=json_pointer(envelope.in_body.get(str(name), name), *rest))
        for (name, *rest), detail in refusal.faults.items()
    ]
