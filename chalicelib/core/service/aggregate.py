"""An aggregate: its head in the write store, the claims that it holds, and its declaration."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from chalicelib.core.decider import Event, State
from chalicelib.core.service.personal import ERASED, Personal, event_types, faults_of

CLAIM_PREFIX = "claim#"
HEARTBEAT_ID = "heartbeat#"
_NOT_AGGREGATES = (CLAIM_PREFIX, HEARTBEAT_ID)


def is_head(id: str) -> bool:
    """Whether an item is an aggregate's: no claim and no heartbeat."""
    return not id.startswith(_NOT_AGGREGATES)


@dataclass(frozen=True)
class Head:
    """The newest commit of an aggregate, as its item in the write store holds it.

    Attributes:
        id: the partition key, such as "tra_01JD...".
        version: 1, 2, 3 ... without a gap.
        state: plain data (str, int, bool, None, list, dict) as msgspec.to_builtins made it.
        events: what this commit did: [{"type": str, "data": dict}].
        commit: unique id of this write.
        actor: who did it: the token's subject.
        command: by which command: "transfers.request".
        at: ISO 8601 UTC with milliseconds: "2026-11-23T10:00:00.000Z".
        deleted: True on a tombstone.
        correlation: id of the request that it came from, as in the log; "" on items of before it was kept.
        trace: X-Amzn-Trace-Id for what follows from it; "" where the request was not traced.
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


class Claim(NamedTuple):
    """A value that one aggregate of a service holds alone: an item `claim#<kind>#<value>`."""

    kind: str
    value: str

    @property
    def item_id(self) -> str:
        """The partition key of the claim's item."""
        return f"{CLAIM_PREFIX}{self.kind}#{self.value}"


class ClaimChange(NamedTuple):
    """What a commit takes and gives back."""

    take: frozenset[Claim] = frozenset()
    release: frozenset[Claim] = frozenset()

    @classmethod
    def between(cls, before: AbstractSet[Claim], after: AbstractSet[Claim]) -> "ClaimChange":
        """From what an aggregate held to what it holds now."""
        return cls(take=frozenset(after - before), release=frozenset(before - after))


class UnknownAggregate(LookupError):
    """An id that no kind of aggregate of the service has; the message says which ids there are."""


class Undeclared(Exception):
    """A service does what its declaration does not say, and for which it would have no right on AWS."""


@dataclass(frozen=True)
class Aggregate:
    """One kind of aggregate of a service.

    Attributes:
        name: the field's word for it: "account", "hold".
        state: its State class.
        evolve: (state or None, event) -> state.
        prefix: of the ids that it has; "" has all that no other kind does.
        projected: whether the service's projection makes rows of it, in every generation. Where not, the timeline is
            all that the read model has of it.
        claims: (id, before, after, events) -> what the commit takes and releases.
        releases: whether a commit may release a claim, since deleting its item takes a right of its own.
        personal: what it holds about a person; None: nothing.
    """

    name: str
    state: type[State]
    evolve: Callable[[Any, Any], State]
    prefix: str = ""
    projected: bool = True
    claims: Callable[[str, Any, Any, Sequence[Event]], ClaimChange] = lambda *_: ClaimChange()
    releases: bool = False
    personal: Personal | None = None

    @property
    def event_types(self) -> tuple[type[Event], ...]:
        """The events that it evolves by."""
        return event_types(self.evolve)

    def personal_faults(self) -> Iterator[str]:
        """What is wrong with the declaration of what is personal, each fault as a sentence that says what to write."""
        if self.personal:
            yield from faults_of(self.personal, self.name, self.state, self.event_types)

    def erased(self, state: State) -> State:
        """A state without what is personal."""
        plain = msgspec.to_builtins(state)
        return msgspec.convert(self.personal.erased_state(plain), self.state) if self.personal else state

    def erased_state(self, state: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same of a state as plain data, whatever release stored it."""
        return self.personal.erased_state(state) if self.personal else state

    def erased_events(self, events: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Events as they are stored, without what is personal."""
        if self.personal is None:
            return list(events)
        return [self.personal.erased_event(event, self.event_types) for event in events]

    def claim_change(self, id: str, before: State | None, after: State, events: Sequence[Event]) -> ClaimChange:
        """What a commit takes and releases.

        Raises:
            Undeclared: it releases a claim, which the declaration does not say.
        """
        change = self.claims(id, before, after, events)
        if self.personal:
            change = ClaimChange(*(frozenset(filter(self._is_claim, claims)) for claims in change))
        if change.release and not self.releases:
            kinds = ", ".join(sorted({claim.kind for claim in change.release}))
            raise Undeclared(
                f'{self.name} releases a claim ({kinds}): write releases=True into its Aggregate("{self.name}", ...),'
                " and run `make generate`"
            )
        return change

    def _is_claim(self, claim: Claim) -> bool:
        """Whether a claim is one: what stands for an erased text is nobody's, so several aggregates may have it."""
        return not (self.personal and claim.kind in self.personal.claims and ERASED in claim.value.casefold())
