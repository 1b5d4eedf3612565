"""A projection: from the states of one kind of aggregate to the rows of the read model, and their summaries."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from chalicelib.core.service.aggregate import Head


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
