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
    """Whether the item with this id is an aggregate: neither a claim nor a heartbeat."""
    return not id.startswith(_NOT_AGGREGATES)


@dataclass(frozen=True)
class Head:
    """The newest commit of an aggregate, as stored in its item in the write store.

    Attributes:
        id: the partition key, such as "tra_01JD...".
        version: 1, 2, 3 ... without a gap.
        state: plain data (str, int, bool, None, list, dict) as msgspec.to_builtins made it.
        events: what this commit did: [{"type": str, "data": dict}].
        commit: unique id of this write.
        actor: the subject of the token that sent the command.
        command: the command's name, such as "transfers.request".
        at: ISO 8601 UTC with milliseconds: "2026-11-23T10:00:00.000Z".
        deleted: True on a tombstone.
        correlation: the id of the request that caused the commit, as in the log; "" if none was stored.
        trace: the X-Amzn-Trace-Id that follow-up commands continue; "" if the request was not traced.
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


@dataclass(frozen=True)
class Aggregate:
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
        """The claims that a commit takes and releases.

        Raises:
            Undeclared: the commit releases a claim, and `releases` is False.
        """
        change = self.claims(id, before, after, events)
        if self.personal:
            change = ClaimChange(*(frozenset(filter(self._is_claim, claims)) for claims in change))
        if change.release and not self.releases:
            kinds = ", ".join(sorted({claim.kind for claim in change.release}))
            raise Undeclared(
                f'the aggregate "{self.name}" releases a claim ({kinds}) without declaring it: add releases=True to'
                f' Aggregate("{self.name}", ...), then run `make generate`'
            )
        return change

    def _is_claim(self, claim: Claim) -> bool:
        """Whether a claim is one: what stands for an erased text is nobody's, so several aggregates may have it."""
        return not (self.personal and claim.kind in self.personal.claims and ERASED in claim.value.casefold())
