"""A projection: from the states of one kind of aggregate to the rows of the read model, and their summaries."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec.structs import astuple

from chalicelib.core.service.aggregate import Head

PrimaryKey = tuple[Any, ...]
"""The values of a row's primary key."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """A row of a table: the base of the classes whose fields are a table's columns.

    Its values are str, int, None, datetime.date and datetime.datetime (UTC, naive). A text says by its type how long it
    may be, unless its column is a TEXT; a number says its range, unless its column is a BIGINT: a test holds both
    against the migrations, since a value that does not fit is refused for ever. They hold no references to other
    objects, so the garbage collector need not visit the hundred thousand rows of a large batch (gc=False).
    """


Version = Annotated[int, msgspec.Meta(ge=1)]
"""The version of a root row's aggregate."""
version_of: Callable[[Row], int] = attrgetter("version")
deleted_at_of: Callable[[Row], datetime | None] = attrgetter("deleted_at")
"""The columns that every root row has."""
ChildRows = Mapping[str, Sequence[Row]]
"""The child rows of one aggregate, by the name of their table."""


@dataclass(frozen=True)
class Table:
    """A table of the read model, as the projector writes it.

    Attributes:
        name: its name in MySQL.
        row: the class of its rows; its fields are the columns that the projector writes, those of the key first.
        key: the columns of the primary key, in its order.
        suffix: of its name in MySQL while a rebuild fills it beside the table that is in use.
    """

    name: str
    row: type[Row]
    key: tuple[str, ...]
    suffix: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that the projector writes."""
        return self.row.__struct_fields__

    @property
    def physical_name(self) -> str:
        """The name to use in statements."""
        return self.name + self.suffix

    def key_of(self, row: Row) -> PrimaryKey:
        """The key of one of its rows."""
        return astuple(row)[: len(self.key)]


@dataclass(frozen=True)
class Summary:
    """A table whose measures are the SUM over base rows, kept by differences.

    Attributes:
        table: its table; the columns after the key are the measures.
        contributions: (root row, child rows of each child table) -> what this aggregate adds, as rows of the
            summary, at most one for each key. Pure: the same base rows always give the same contributions.
        sums: the same in SQL, for `ops verify`: a SELECT ... GROUP BY of the table's columns, by their names,
            from the base tables, which are written as `{transfers}`. A test compares the two.
        greatest: measures that are the MAX over the base rows and never shrink: a column that a
            base row never changes once written. Added by GREATEST.
    """

    table: Table
    contributions: Callable[[Any, Mapping[str, Sequence[Any]]], Iterable[Row]]
    sums: str
    greatest: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """The columns that add up."""
        return self.table.columns[len(self.table.key) :]


class Rows(NamedTuple):
    """The rows of one head: one of the root table, and any number of each child table."""

    root: Row
    children: ChildRows = MappingProxyType({})


@dataclass(frozen=True)
class Projection:
    """From the states of one kind of aggregate to rows of the read model.

    Attributes:
        root: the table of one row an aggregate, with "version" and "deleted_at" among its columns and one key column.
        rows: head -> rows. Pure. Whatever it raises makes the record a poison record.
        children: tables whose key starts with the root's key.
        summaries: tables that change by the difference between the old rows and the new ones.
        generation: counted up when other rows shall be made of the same states, which needs `ops rebuild`.
    """

    root: Table
    rows: Callable[[Head], Rows]
    children: tuple[Table, ...] = ()
    summaries: tuple[Summary, ...] = ()
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
