"""The declaration of a service: its aggregates, its decider, its projection and its policies."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, Literal, Protocol, TypeVar, cast

import msgspec
from msgspec.structs import replace

from chalicelib.core.decider import Command, Decide, Decision, Event, State, States
from chalicelib.core.service.aggregate import AnyAggregate, Head, Undeclared, UnknownAggregate, is_head
from chalicelib.core.service.deadline import Deadline
from chalicelib.core.service.policy import Asks, FollowUp, OutsideCall, Policy
from chalicelib.core.service.projection import Projection

C = TypeVar("C", bound=Command)
S = TypeVar("S", bound=State | None)


class HeadReader(Protocol):
    """What a port may do with its service's write store: read it."""

    def load(self, ids: Sequence[str]) -> Mapping[str, Head]:
        """The heads of those ids that exist, read consistently, in the shape that this release knows.

        Raises:
            StoreUnreachable, Throttled: it cannot be read now.
            NewerSchema, UpcasterFailed: what is stored cannot be brought into the present shape.
        """


class Port(msgspec.Struct, frozen=True):
    """What a service publishes to the command side of other services.

    Attributes:
        name: a command finds the port under this name: `standings: Standings = call.runtime.ports["standings"]`.
        make: the service's write store -> the port.
        several: whether the port reads several aggregates in one call.
    """

    name: str
    make: Callable[[HeadReader], object]
    several: bool = False


class Right(msgspec.Struct, frozen=True):
    """An IAM permission that a service's code needs, beyond those that follow from the rest of its declaration.

    Attributes:
        function: the function that needs it, "commands" or "reactor".
        actions: IAM actions, such as ("ses:SendEmail",).
        resources: ARNs; they may contain ${AWS::Partition}, ${AWS::Region} and ${AWS::AccountId}.
        clients: boto3 clients, such as ("sesv2",). The function's package includes botocore's data files for them.
    """

    function: Literal["commands", "reactor"]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    clients: tuple[str, ...] = ()


class Service(msgspec.Struct, frozen=True, dict=True):
    """One service: a folder, a DynamoDB table, a stream.

    Attributes:
        name: the name of its folder, its table and its consistency tokens, such as "transfers".
        aggregates: the kinds of aggregate that its table holds, told apart by the prefixes of their ids.
        decide: `single(decide)` or `several(decide)` of the domain's function, which raises Rejected.
        projection: how the states of its projected aggregates become rows.
        policies: the commands it sends when other services' aggregates change.
        deadlines: how long its aggregates may wait, and the commands that then end the waiting.
        ports: what it publishes to the command side of other services.
        rights: further IAM permissions that its commands or policies need, for an outside service for example.
        earlier: projections of older generations. Tables may still be of these until they are rebuilt.

    Raises:
        ValueError: two kinds of aggregate have one name or one prefix, a prefix is the core's own, none is projected,
            or a deadline names a column that the root table does not have.
    """

    name: str
    aggregates: tuple[AnyAggregate, ...]
    decide: Decide
    projection: Projection
    policies: tuple[Policy, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    ports: tuple[Port, ...] = ()
    rights: tuple[Right, ...] = ()
    earlier: tuple[Projection, ...] = ()

    def __post_init__(self) -> None:
        for what in ("name", "prefix"):
            values = [getattr(kind, what) for kind in self.aggregates]
            if len(set(values)) < len(values):
                raise ValueError(f"{self.name}: two kinds of aggregate have one {what}: {values}")
        if taken := [kind.prefix for kind in self.aggregates if not is_head(kind.prefix)]:
            raise ValueError(f"{self.name}: ids beginning with {taken[0]!r} are claims or heartbeats")
        if not any(kind.projected for kind in self.aggregates):
            raise ValueError(f"{self.name}: no kind of aggregate is projected, so its projection has nothing to show")
        for deadline in self.deadlines:
            if lacking := {deadline.status, deadline.since} - set(self.projection.root.columns):
                raise ValueError(f"{deadline.name}: {self.projection.root.name} has no column {', '.join(lacking)}")

    @cached_property
    def projections(self) -> Mapping[int, Projection]:
        """All projections, by their generation."""
        return {projection.generation: projection for projection in (*self.earlier, self.projection)}

    def aggregate(self, id: str) -> AnyAggregate:
        """The kind of aggregate that has this id.

        Raises:
            UnknownAggregate: this service has no such kind.
        """
        for kind in self._longest_prefix_first if is_head(id) else ():
            if id.startswith(kind.prefix):
                return kind
        prefixes = ", ".join(repr(kind.prefix) for kind in self.aggregates)
        raise UnknownAggregate(
            f"{self.name} has no kind of aggregate for the id {id[:100]!r}; the prefixes of its ids are {prefixes}"
        )

    @cached_property
    def _longest_prefix_first(self) -> Sequence[AnyAggregate]:
        return sorted(self.aggregates, key=lambda kind: len(kind.prefix), reverse=True)

    def current(self, stored: Head) -> Head:
        """A head, as any release stored it, in the shape that this release knows.

        An id that no kind of aggregate has is left to whoever needs its kind.

        Raises:
            NewerSchema, UpcasterFailed: see core/service/upcasting.py.
        """
        if not self._upcasts and stored.schema_version == 1 and not _names_versions(stored.events):
            return stored  # most of them, and the projector reads a hundred thousand in a large batch
        try:
            kind = self.aggregate(stored.id)
        except UnknownAggregate:
            return stored
        return kind.current(stored)

    @cached_property
    def _upcasts(self) -> bool:
        return any(kind.upcasters or kind.event_upcasters for kind in self.aggregates)

    def recorded_events(self, id: str, stored: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The events of a commit, as the timeline keeps them, for whoever asks what happened.

        They are shown in the shape that this release knows; an event that cannot be brought into it, and those of a
        kind of aggregate that is gone, are shown as they were stored.
        """
        try:
            kind = self.aggregate(id)
        except UnknownAggregate:
            return list(stored)
        return [kind.recorded_event(id, event) for event in stored]

    def projects(self, id: str) -> bool:
        """Whether the aggregate with this id has rows in the read model, beside its timeline.

        Raises:
            UnknownAggregate: this service has no kind of aggregate for the id.
        """
        return self.aggregate(id).projected

    def asks(self, policy: Policy) -> tuple[Asks, ...]:
        """The services whose commands a policy may ask for."""
        return policy.asks or (Asks(self.name),)

    def follow_ups(self, source: str, head: Head) -> Iterator[FollowUp | OutsideCall]:
        """The commands and the outside calls that its policies ask for after a commit.

        Raises:
            Undeclared: a policy asks for a command that its declaration does not name, or that is about no aggregate.
            Exception: any error that a policy raises.
        """
        for policy in self.policies:
            if policy.source == source and head.id.startswith(policy.prefix):
                for asked in policy.react(head):
                    yield self._checked(policy, asked)

    def _checked(self, policy: Policy, asked: FollowUp | OutsideCall) -> FollowUp | OutsideCall:
        """What a policy asks for; of an outside call the follow-up is checked when it is there."""
        if isinstance(asked, OutsideCall):
            if not any(asks.service == policy.source for asks in self.asks(policy)):
                raise Undeclared(
                    f"the policy of {self.name} on {policy.source} makes the outside call {asked.name}: put it on the"
                    f' stream of the service that records the outcome, or add Asks("{policy.source}") to its `asks` in'
                    f" {self.name}/service.py, then run `make generate`"
                )
            return replace(asked, run=partial(self._outcome, policy, asked))
        return self._allowed(policy, asked)

    def _outcome(self, policy: Policy, call: OutsideCall) -> FollowUp | None:
        follow_up = call.run()
        return self._allowed(policy, follow_up) if follow_up else None

    def _allowed(self, policy: Policy, follow_up: FollowUp) -> FollowUp:
        """A follow-up, and those that replace it if it is refused, as far as the policy's declaration allows them."""
        if not follow_up.ids:
            raise Undeclared(
                f"the policy of {self.name} on {policy.source} asks for {follow_up.name}, which names no aggregate:"
                " give it the `ids` of those that it is about, or ask for nothing"
            )
        several = len(follow_up.ids) > 1
        allowing = [asks for asks in self.asks(policy) if asks.service == follow_up.service and asks.several >= several]
        if not allowing:
            asks = f'Asks("{follow_up.service}"{", several=True" if several else ""})'
            raise Undeclared(
                f"the policy of {self.name} on {policy.source} asks for {follow_up.name}, of {len(follow_up.ids)}"
                f" aggregates, without declaring it: add {asks} to its `asks` in {self.name}/service.py, then run"
                " `make generate`"
            )
        return replace(
            follow_up,
            refused={code: other and self._allowed(policy, other) for code, other in follow_up.refused.items()},
            may_release=any(asks.releases for asks in allowing),
        )


def _names_versions(events: Sequence[Mapping[str, Any]]) -> bool:
    """Whether an event says the version of its schema, which is 1 otherwise."""
    for event in events:  # noqa: SIM110 - any() costs twice as much
        if "schema_version" in event:
            return True
    return False


def single(decide: Callable[[C, S], Sequence[Event]]) -> Decide:
    """The decider of a service whose commands are about one aggregate each: (command, state) -> events."""

    def decide_one(command: Command, states: States) -> Decision:
        ((id, state),) = states.items()
        # Routes and policies make the service's own commands only, and its ids have the states of its own aggregates.
        return {id: decide(cast(C, command), cast(S, state))}

    return decide_one


def several(decide: Callable[[C, Mapping[str, S]], Decision]) -> Decide:
    """The decider of a service whose commands may be about several aggregates: (command, states by id) -> events by id.

    They are the service's own commands and states, as with `single`. A commit is guarded by the versions of those
    aggregates that it changes. One that was only read may change meanwhile, so a rule over several must change each.
    """
    return cast(Decide, decide)
