"""Summaries change by the difference between what an aggregate's old rows and its new ones add to them.

So each equals the SUM over the base rows at every moment, and a record that is seen twice, whose rows
are not newer the second time, changes nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import astuple

from chalicelib.core.projector import sql
from chalicelib.core.service import AnySummary, ChildRows, PrimaryKey, Projection, Row

Measures = tuple[Any, ...]


class Differences:
    """The changes that a transaction must add to the summaries of a projection."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._totals = [_Totals(summary) for summary in projection.summaries]

    def note(self, old: tuple[Row, ChildRows] | None, new: tuple[Row, ChildRows]) -> None:
        """Record that an aggregate's root and child rows change from old (None: did not exist) to new."""
        if not self._totals:
            return
        before, after = _complete(self._projection, *old) if old else None, _complete(self._projection, *new)
        for totals in self._totals:
            summary = totals.summary
            totals.add(_contributions(summary, *before) if before else {}, _contributions(summary, *after))

    def statements(self) -> Iterator[bytes]:
        """The statements that bring the summaries up to date, their rows in the order of their keys.

        All transactions take rows in the same order, so that two that want the same ones do not deadlock.
        """
        for totals in self._totals:
            summary, changed = totals.summary, sorted(totals.by_key.items())
            rows = [summary.table.row(*key, *measures) for key, measures in changed]
            yield from sql.insert(summary.table, rows, _upsert(summary))
            yield from _clearing(summary, [key for key, measures in changed if _may_be_empty(summary, measures)])


def summary_keys(projection: Projection, root: Row, children: ChildRows) -> list[set[PrimaryKey]]:
    """The keys of the rows that an aggregate's rows add to, for each summary of the projection."""
    rows = _complete(projection, root, children)
    return [set(_contributions(summary, *rows)) for summary in projection.summaries]


def _complete(projection: Projection, root: Row, children: ChildRows) -> tuple[Row, ChildRows]:
    """The same rows, with an entry for each child table, as contributions take them."""
    if len(children) == len(projection.children):
        return root, children
    return root, {table.name: children.get(table.name, ()) for table in projection.children}


def _contributions(summary: AnySummary, root: Row, children: ChildRows) -> dict[PrimaryKey, Measures]:
    """The contributions of an aggregate's rows, by key."""
    found: dict[PrimaryKey, Measures] = {}
    width = len(summary.table.key)
    for row in summary.contributions(root, children):
        values = astuple(row)
        key = values[:width]
        if key in found:
            raise ValueError(f"two contributions to {summary.table.name} with the key {key}: add them up into one")
        found[key] = values[width:]
    return found


class _Totals:
    """The sum of the changes to each row of a summary.

    Attributes:
        summary: the summary.
        by_key: the change of each measure; of a greatest value, the greatest that was seen.
    """

    def __init__(self, summary: AnySummary) -> None:
        self.summary = summary
        self.by_key: dict[PrimaryKey, list[Any]] = {}
        self._greatest = [index for index, name in enumerate(summary.measures) if name in summary.greatest]
        self._sums = [index for index in range(len(summary.measures)) if index not in self._greatest]
        self._nothing = [None if index in self._greatest else 0 for index in range(len(summary.measures))]

    def add(self, before: dict[PrimaryKey, Measures], after: dict[PrimaryKey, Measures]) -> None:
        """Add the difference between two sets of contributions."""
        for key, new in after.items():
            old = before.get(key)
            if new != old:
                self._change(key, old, new)
        for key, old in before.items():
            if key not in after:
                self._change(key, old, None)

    def _change(self, key: PrimaryKey, old: Measures | None, new: Measures | None) -> None:
        total = self.by_key.get(key)
        if total is None:
            total = self.by_key[key] = list(self._nothing)
        for index in self._sums:
            total[index] += (new[index] if new else 0) - (old[index] if old else 0)
        if new:
            for index in self._greatest:
                if total[index] is None or (new[index] is not None and new[index] > total[index]):
                    total[index] = new[index]
        if not any(total):
            del self.by_key[key]


def _upsert(summary: AnySummary) -> str:
    """Add sums to the existing values; for greatest values keep the maximum."""
    return "ON DUPLICATE KEY UPDATE " + ", ".join(
        f"{name} = IF({name} IS NULL OR VALUES({name}) > {name}, VALUES({name}), {name})"
        if name in summary.greatest
        else f"{name} = {name} + VALUES({name})"
        for name in summary.measures
    )


def _may_be_empty(summary: AnySummary, measures: Sequence[Any]) -> bool:
    """Whether a row may hold nothing but zeros after such a difference."""
    return not summary.greatest and any(measure < 0 for measure in measures)


def _clearing(summary: AnySummary, keys: Sequence[PrimaryKey]) -> Iterator[bytes]:
    """Delete rows whose measures are all zero, as if they had never existed."""
    empty = " AND ".join(f"{name} = 0" for name in summary.measures)
    for start in range(0, len(keys), 500):
        chosen = sql.any_of(summary.table.key, keys[start : start + 500])
        yield f"DELETE FROM {summary.table.physical_name} WHERE ({chosen}) AND {empty}".encode()  # noqa: S608  (literals)
