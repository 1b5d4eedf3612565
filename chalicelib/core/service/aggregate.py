"""An aggregate: its head in the write store, the claims that it holds, and its declaration."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import structs

from chalicelib.core.decider import Event, State
from chalicelib.core.service.personal import ERASED, Personal, declaration_faults, event_types
from chalicelib.core.service.upcasting import (
    NONE,
    NewerSchema,
    UpcasterFailed,
    Upcasters,
    check_chain,
    upcast,
    version_after,
)

S = TypeVar("S", bound=State)
E = TypeVar("E", bound=Event)

CLAIM_PREFIX = "claim#"
HEARTBEAT_ID = "heartbeat#"
_NOT_AGGREGATES = (CLAIM_PREFIX, HEARTBEAT_ID)


def is_head(id: str) -> bool:
    """Whether the item with this id is an aggregate: neither a claim nor a heartbeat."""
    return not id.startswith(_NOT_AGGREGATES)


class Head(msgspec.Struct, frozen=True):
    """The newest commit of an aggregate, as stored in its item in the write store.

    Attributes:
        id: the partition key, such as "tra_01JD...".
        version: 1, 2, 3 ... without a gap.
        state: plain data (str, int, bool, None, list, dict) as msgspec.to_builtins made it.
        events: what this commit did: [{"type": str, "data": dict}], and "schema_version": int unless it is 1.
        commit: unique id of this write.
        actor: the subject of the token that sent the command.
        command: the command's name, such as "transfers.request".
        at: ISO 8601 UTC with milliseconds: "2026-11-23T10:00:00.000Z".
        deleted: True on a tombstone.
        correlation: the id of the request that caused the commit, as in the log; "" if none was stored.
        trace: the X-Amzn-Trace-Id that follow-up commands continue; "" if the request was not traced.
        schema_version: the version of the state's schema.
    """

    id: str
    version: int
    state: Mapping[str, Any]
    events: Sequence[Mapping[str, Any]]
    commit: str
    actor: str
    command: str
    at: str
    deleted: bool = False
    correlation: str = ""
    trace: str = ""
    schema_version: int = 1


class Claim(NamedTuple):
    """A value that only one aggregate of a service may hold, stored as an item `claim#<kind>#<value>`."""

    kind: str
    value: str

    @property
    def item_id(self) -> str:
        """The partition key of the claim's item."""
        return f"{CLAIM_PREFIX}{self.kind}#{self.value}"


class ClaimChange(NamedTuple):
    """The claims that a commit takes and releases."""

    take: frozenset[Claim] = frozenset()
    release: frozenset[Claim] = frozenset()

    @classmethod
    def between(cls, before: AbstractSet[Claim], after: AbstractSet[Claim]) -> "ClaimChange":
        """The change from the claims before to the claims after."""
        return cls(take=frozenset(after - before), release=frozenset(before - after))


class UnknownAggregate(LookupError):
    """No kind of aggregate of the service has ids like this one. The message lists the prefixes that exist."""


class Undeclared(Exception):
    """A service does something that it does not declare. On AWS it would lack the permission for it."""


class Aggregate(msgspec.Struct, Generic[S, E], frozen=True):
    """One kind of aggregate of a service.

    Attributes:
        name: the domain's word for it, such as "account" or "hold".
        state: its State class.
        evolve: (state or None, event) -> state.
        prefix: the prefix of its ids; "" stands for all ids that no other kind has.
        projected: whether the projection makes rows of it. If not, the read model has only its timeline. This must be
            the same in every generation of the projection.
        claims: (id, before, after, events) -> the claims that the commit takes and releases.
        releases: whether a commit may release a claim. Deleting the claim's item needs an IAM permission of its own.
        personal: its fields that hold data about a person; None if there are none.
        upcasters: of its states, by the version that each takes. The states that this release writes have the version
            after the last.
        event_upcasters: the same of its events, by their type as it is stored.

    Raises:
        ValueError: the upcasters leave out a version.
    """

    name: str
    state: type[S]
    evolve: Callable[[S | None, E], S]
    prefix: str = ""
    projected: bool = True
    claims: Callable[[str, S | None, S, Sequence[E]], ClaimChange] = lambda *_: ClaimChange()
    releases: bool = False
    personal: Personal | None = None
    upcasters: Upcasters = msgspec.field(default_factory=dict)
    event_upcasters: Mapping[str, Upcasters] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        check_chain(self.upcasters, self.name)
        for type, upcasters in self.event_upcasters.items():
            check_chain(upcasters, f"the event {type} of {self.name}")

    @property
    def schema_version(self) -> int:
        """The version of the states that this release writes."""
        return version_after(self.upcasters)

    def event_schema_version(self, type: str) -> int:
        """The version of the events of that type that this release writes."""
        return version_after(self.event_upcasters.get(type, NONE))

    def current(self, stored: Head) -> Head:
        """A head, as any release stored it, in the shape that this release knows: its state and its events.

        Raises:
            NewerSchema, UpcasterFailed: see core/service/upcasting.py.
        """
        if stored.schema_version != self.schema_version:
            what = f"the state of {self.name} {stored.id}"
            state = upcast(stored.state, stored.schema_version, self.upcasters, what)
            stored = structs.replace(stored, state=state, schema_version=self.schema_version)
        if any(self._is_other_version(event) for event in stored.events):
            stored = structs.replace(stored, events=[self.current_event(stored.id, event) for event in stored.events])
        return stored

    def current_event(self, id: str, stored: Mapping[str, Any]) -> Mapping[str, Any]:
        """An event of an aggregate, as any release stored it, in the shape that this release knows.

        Raises:
            NewerSchema, UpcasterFailed: see core/service/upcasting.py.
        """
        if not self._is_other_version(stored):
            return stored
        type, version = stored["type"], stored.get("schema_version", 1)
        upcasters = self.event_upcasters.get(type, NONE)
        data = upcast(stored["data"], version, upcasters, f"the event {type} of {self.name} {id}")
        return {"type": type, "data": data, "schema_version": version_after(upcasters)}

    def recorded_event(self, id: str, stored: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same, to show what was recorded: an event that cannot be brought into that shape stays as stored."""
        try:
            return self.current_event(id, stored)
        except (NewerSchema, UpcasterFailed, KeyError, TypeError, ValueError):  # the last three of what is no event
            return stored

    def _is_other_version(self, event: Mapping[str, Any]) -> bool:
        type, version = event.get("type"), event.get("schema_version", 1)
        return bool(version != (self.event_schema_version(type) if isinstance(type, str) else 1))

    def state_of(self, head: Head) -> S:
        """The typed state of a head that is in the shape of this release."""
        return msgspec.convert({**head.state, "deleted": head.deleted}, self.state)

    @property
    def event_types(self) -> tuple[type[Event], ...]:
        """The types of the events that `evolve` takes."""
        return event_types(self.evolve)

    def personal_faults(self) -> Iterator[str]:
        """What is wrong with the declaration of what is personal, each fault as a sentence that says what to write."""
        if self.personal:
            yield from declaration_faults(self.personal, self.name, self.state, self.event_types)

    def erased(self, state: S) -> S:
        """A state without what is personal."""
        plain = msgspec.to_builtins(state)
        return msgspec.convert(self.personal.erased_state(plain, self.state), self.state) if self.personal else state

    def erased_state(self, state: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same of a state as plain data, in the present shape."""
        return self.personal.erased_state(state, self.state) if self.personal else state

    def erased_events(self, events: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Events as any release stored them, in the present shape and without what is personal.

        Of an event that cannot be brought into it, nobody knows what is personal, so all of its data are erased.
        """
        if self.personal is None:
            return list(events)
        shown = [self.recorded_event("?", event) for event in events]
        return [
            self.personal.erased_event(event, () if self._is_other_version(event) else self.event_types)
            for event in shown
        ]

    def claim_change(self, id: str, before: S | None, after: S, events: Sequence[E]) -> ClaimChange:
        """The claims that a commit takes and releases.

        Raises:
            Undeclared: the commit releases a claim, and `releases` is False.
        """
        change = self.claims(id, before, after, events)
        if self.personal and any(change):
            change = ClaimChange(*(frozenset(filter(self._is_claim, claims)) for claims in change))
        if change.release and not self.releases:
            kinds = ", ".join(sorted({claim.kind for claim in change.release}))
            raise Undeclared(
                f'the aggregate "{self.name}" releases a claim ({kinds}) without declaring it: add releases=True to'
                f' Aggregate("{self.name}", ...), then run `make generate`'
            )
        return change

    def _is_claim(self, claim: Claim) -> bool:
        """Whether a claim reserves a value. The mark of an erased text does not: several aggregates may have it."""
        return not (self.personal and claim.kind in self.personal.claims and ERASED in claim.value.casefold())


AnyAggregate = Aggregate[Any, Any]
"""A kind of aggregate, whatever its states and events: those of all services are in one list."""
