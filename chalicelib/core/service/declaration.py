"""The declaration of a service: its aggregates, its decider, its projection and its policies."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chalicelib.core.decider import Event
from chalicelib.core.service.aggregate import Aggregate
from chalicelib.core.service.policy import Policy
from chalicelib.core.service.projection import Projection


@dataclass(frozen=True)
class Service:
    """One service: a folder, a DynamoDB table, a stream.

    Attributes:
        name: as in its folder, its table's name and its consistency tokens: "orders".
        aggregates: the kinds of aggregate that its table holds.
        decide: (command, states by id) -> events by id; raises Rejected.
        projection: how its states become rows.
        policies: what it does when other services' aggregates change.
        earlier: the projections of older generations that tables may still be of, until they are rebuilt.
    """

    name: str
    aggregates: tuple[Aggregate, ...]
    decide: Callable[[Any, Mapping[str, Any]], Mapping[str, Sequence[Event]]]
    projection: Projection
    policies: tuple[Policy, ...] = ()
    earlier: tuple[Projection, ...] = ()

    @cached_property
    def projections(self) -> Mapping[int, Projection]:
        """All projections, by their generation."""
        return {projection.generation: projection for projection in (*self.earlier, self.projection)}

    def aggregate(self, id: str) -> Aggregate:
        """The kind of aggregate that an id belongs to."""
        return max((kind for kind in self.aggregates if id.startswith(kind.prefix)), key=lambda kind: len(kind.prefix))


def single(
    decide: Callable[[Any, Any], Sequence[Event]],
) -> Callable[[Any, Mapping[str, Any]], Mapping[str, Sequence[Event]]]:
    """A decider of one aggregate as the pipeline calls it: with all the states that were loaded."""

    def decide_one(command: Any, states: Mapping[str, Any]) -> Mapping[str, Sequence[Event]]:
        ((id, state),) = states.items()
        return {id: decide(command, state)}

    return decide_one
