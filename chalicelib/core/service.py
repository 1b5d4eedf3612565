"""What a service hands to the machinery: its aggregates, its claims and its projection."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from chalicelib.core.decider import Event, State
from chalicelib.core.policy import Policy

CLAIM_PREFIX = "claim#"
HEARTBEAT_ID = "heartbeat#"


@dataclass(frozen=True)
class Head:
    """The newest commit of an aggregate, as its item in the write store holds it.

    Attributes:
        id: the partition key, such as "ord_01JD...".
        version: 1, 2, 3 ... without a gap.
        state: plain data (str, int, bool, None, list, dict) as msgspec.to_builtins made it.
        events: what this commit did: [{"type": str, "data": dict}].
        commit: unique id of this write.
        actor: who did it: the token's subject.
        command: by which command: "orders.place".
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


@dataclass(frozen=True)
class Aggregate:
    """One kind of aggregate of a service.

    Attributes:
        name: the field's word for it: "stock", "reservation".
        state: its State class.
        evolve: (state or None, event) -> state.
        prefix: of the ids that it owns; "" owns all that no other kind does.
        claims: (id, before, after, events) -> what the commit takes and releases.
    """

    name: str
    state: type[State]
    evolve: Callable[[Any, Any], State]
    prefix: str = ""
    claims: Callable[[str, Any, Any, Sequence[Event]], ClaimChange] = lambda *_: ClaimChange()


@dataclass(frozen=True)
class Table:
    """A table of the read model, as the projector writes it.

    Attributes:
        name: its name in MySQL.
        key: the columns of the primary key, in its order.
        columns: all columns that the projector writes, key first. A root table has "version" among them.
        suffix: of its name in MySQL while a rebuild fills it beside the table that is in use.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    suffix: str = ""

    @property
    def place(self) -> str:
        """The name to use in statements."""
        return self.name + self.suffix


Row = tuple[Any, ...]
"""Values in the order of Table.columns: str, int, None, datetime.date, datetime.datetime (UTC, naive)."""


@dataclass(frozen=True)
class Summary:
    """A table whose measures are the SUM over base rows, kept by differences.

    Attributes:
        table: its table; the columns after the key are the measures.
        contributions: (root row, child rows a table, each as a dict of its columns) -> for each row of
            the summary that this aggregate adds to: its key and its measures. The key decides the row
            alone, so that the same base rows always give the same contributions.
        sums: the same in SQL, for `ops verify`: a SELECT ... GROUP BY of the table's columns, by their names,
            from the base tables, which are written as `{orders}`. A test compares the two.
        greatest: measures that are the MAX over the base rows and never shrink: a column that a
            base row never changes once written. Added by GREATEST.
    """

    table: Table
    contributions: Callable[[Mapping[str, Any], Mapping[str, Sequence[Mapping[str, Any]]]], Iterable[tuple[Row, Row]]]
    sums: str
    greatest: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """The columns that add up."""
        return self.table.columns[len(self.table.key) :]


class Rows(NamedTuple):
    """The rows of one head: one of the root table, any number of each child table, by table name."""

    root: Row
    children: Mapping[str, Sequence[Row]] = {}


@dataclass(frozen=True)
class Projection:
    """From the states of one kind of aggregate to rows of the read model.

    Attributes:
        root: one row an aggregate, with "version" and "deleted_at" among its columns and one key column.
        rows: head -> rows. Pure. Whatever it raises makes the record a poison record.
        children: tables whose key starts with the root's key.
        summaries: tables that change by the difference between the old rows and the new ones.
        owns: whether this projection shows the aggregate of that id; others get a timeline row alone.
        generation: counted up when other rows shall be made of the same states, which needs `ops rebuild`.
    """

    root: Table
    rows: Callable[[Head], Rows]
    children: tuple[Table, ...] = ()
    summaries: tuple[Summary, ...] = ()
    owns: Callable[[str], bool] = lambda id: "#" not in id
    generation: int = 1

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables that it writes."""
        return (self.root, *self.children, *(summary.table for summary in self.summaries))

    def beside(self, suffix: str) -> "Projection":
        """The same, into tables beside those in use, whose names end in `suffix`."""
        return replace(
            self,
            root=replace(self.root, suffix=suffix),
            children=tuple(replace(table, suffix=suffix) for table in self.children),
            summaries=tuple(
                replace(summary, table=replace(summary.table, suffix=suffix)) for summary in self.summaries
            ),
        )


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
