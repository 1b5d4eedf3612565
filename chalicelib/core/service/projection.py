"""A projection turns the states of a service's aggregates into rows of the read model, and sums these up."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from types import MappingProxyType
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from chalicelib.core.service.aggregate import Head

PrimaryKey = tuple[Any, ...]
"""The values of a row's primary key."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """Base class of rows. The fields of a subclass are the columns of its table.

    Values are str, int, None, datetime.date and datetime.datetime (UTC, naive). The type of a text states its largest
    length, unless the column is a TEXT. The type of a number states its range, unless the column is a BIGINT. A test
    compares both with the migrations, because MySQL would refuse a value that does not fit, every time.
    A row refers to no other objects, so the garbage collector need not visit a large batch's rows (gc=False).
    """


R = TypeVar("R", bound=Row)
C = TypeVar("C", bound=Row)

RowVersion = Annotated[int, msgspec.Meta(ge=1)]
"""The version of a root row's aggregate."""
version_of: Callable[[Row], int] = attrgetter("version")
deleted_at_of: Callable[[Row], datetime | None] = attrgetter("deleted_at")
"""The columns that every root row has."""
ChildRows = Mapping[str, Sequence[Row]]
"""The child rows of one aggregate, by the name of their table."""


class Table(msgspec.Struct, frozen=True, dict=True):
    """A table of the read model that the projector writes.

    Attributes:
        name: the table's name in MySQL.
        row: the class of its rows. Its fields are the columns that the projector writes, those of the key first.
        key: the columns of the primary key, in order.
        suffix: appended to the name while a rebuild fills the table beside the one in use.
    """

    name: str
    row: type[Row]
    key: tuple[str, ...]
    suffix: str = ""

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """All columns that the projector writes."""
        return self.row.__struct_fields__

    @property
    def physical_name(self) -> str:
        """The name to use in statements."""
        return self.name + self.suffix

    @cached_property
    def key_of(self) -> Callable[[Row], PrimaryKey]:
        """A function that returns the primary key of a row."""
        key_of = attrgetter(*self.key)
        return key_of if len(self.key) > 1 else lambda row: (key_of(row),)


class Summary(msgspec.Struct, Generic[R, C], frozen=True, dict=True):
    """A table whose measures are sums over base rows. The projector adds the difference that each commit makes.

    Attributes:
        table: the table. The columns after the key are the measures.
        contributions: (root row, child rows by table) -> what this aggregate adds, as rows of the summary, at most
            one for each key. Pure: the same base rows always give the same contributions.
        sums: the same in SQL, for `ops verify`: a SELECT ... GROUP BY that returns the table's columns by name.
            Base tables are written as `{transfers}`. A test compares it with `contributions`.
        greatest: measures that are a MAX instead of a SUM. They never shrink, so they may only depend on columns that
            never change once written.
    """

    table: Table
    contributions: Callable[[R, Mapping[str, Sequence[C]]], Iterable[Row]]
    sums: str
    greatest: tuple[str, ...] = ()

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """The columns that hold sums or maxima: all but those of the key."""
        return self.table.columns[len(self.table.key) :]


AnySummary = Summary[Any, Any]
"""A summary, whatever the rows that it adds up."""


class Rows(NamedTuple):
    """The rows made of one head: one row of the root table, and any number of each child table."""

    root: Row
    children: ChildRows = MappingProxyType({})


class Projection(msgspec.Struct, frozen=True):
    """How the states of a service's aggregates become rows of the read model.

    Attributes:
        root: the table with one row for each aggregate. It has one key column, and columns "version" and "deleted_at".
        rows: head -> rows. Pure. An error makes the record poison.
        children: tables whose key starts with the root's key.
        summaries: tables that change by the difference between the old rows and the new ones.
        generation: increase it when the same states shall become other rows. Then run `ops rebuild`.
    """

    root: Table
    rows: Callable[[Head], Rows]
    children: tuple[Table, ...] = ()
    summaries: tuple[AnySummary, ...] = ()
    generation: int = 1

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables that the projection writes."""
        return (self.root, *self.children, *(summary.table for summary in self.summaries))

    def beside(self, suffix: str) -> "Projection":
        """The same projection, but into tables whose names end in `suffix`, beside those in use."""
        return replace(
            self,
            root=replace(self.root, suffix=suffix),
            children=tuple(replace(table, suffix=suffix) for table in self.children),
            summaries=tuple(
                replace(summary, table=replace(summary.table, suffix=suffix)) for summary in self.summaries
            ),
        )
