"""Summaries change by the difference between what an aggregate's old rows and its new ones add to them.

So each equals the SUM over the base rows at every moment, and a record that is seen twice, whose rows
are not newer the second time, changes nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalicelib.core.projector import sql
from chalicelib.core.service import Projection, Row, Summary

Measures = list[Any]
Children = Mapping[str, Sequence[Row]]


class Differences:
    """What a transaction has to add to the summaries of a projection."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._totals: list[dict[Row, Measures]] = [{} for _ in projection.summaries]

    def note(self, old: tuple[Row, Children] | None, new: tuple[Row, Children]) -> None:
        """Note that an aggregate's root row and child rows change from old (None: were not there) to new."""
        if not self._totals:
            return
        projection = self._projection
        before, after = _named(projection, *old) if old else None, _named(projection, *new)
        for summary, totals in zip(self._projection.summaries, self._totals, strict=True):
            _add(
                summary,
                totals,
                _contributions(summary, before) if before else {},
                _contributions(summary, after),
            )

    def statements(self) -> Iterator[bytes]:
        """The statements that bring the summaries up to date, their rows in the order of their keys.

        The order is the same in all transactions, so that two that want the same rows do not deadlock.
        """
        for summary, totals in zip(self._projection.summaries, self._totals, strict=True):
            rows = [(*key, *totals[key]) for key in sorted(totals)]
            yield from sql.insert(summary.table.place, summary.table.columns, rows, _upsert(summary))
            yield from _clearing(summary, [key for key in sorted(totals) if _may_be_empty(summary, totals[key])])


def summary_keys(projection: Projection, root: Row, children: Children) -> list[set[Row]]:
    """The keys of the rows that an aggregate's rows add to, for each summary of the projection."""
    named = _named(projection, root, children)
    return [set(_contributions(summary, named)) for summary in projection.summaries]


def _named(
    projection: Projection, root: Row, children: Children
) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """The rows as dicts of their columns, as contributions take them."""
    return (
        dict(zip(projection.root.columns, root, strict=True)),
        {
            table.name: [dict(zip(table.columns, row, strict=True)) for row in children.get(table.name, ())]
            for table in projection.children
        },
    )


def _contributions(
    summary: Summary, rows: tuple[Mapping[str, Any], Mapping[str, Sequence[Mapping[str, Any]]]]
) -> dict[Row, Row]:
    """What the rows of an aggregate add, by key."""
    found: dict[Row, Row] = {}
    for key, measures in summary.contributions(*rows):
        if key in found:
            raise ValueError(f"two contributions to {summary.table.name} with the key {key}: add them up into one")
        found[key] = measures
    return found


def _add(summary: Summary, totals: dict[Row, Measures], before: dict[Row, Row], after: dict[Row, Row]) -> None:
    """Add the difference between two sets of contributions to the totals."""
    if before == after:
        return
    names = summary.measures
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        total = totals.setdefault(key, [None if name in summary.greatest else 0 for name in names])
        for index, name in enumerate(names):
            if name not in summary.greatest:
                total[index] += (new[index] if new else 0) - (old[index] if old else 0)
            elif new and (total[index] is None or (new[index] is not None and new[index] > total[index])):
                total[index] = new[index]
        if not any(total):
            del totals[key]


def _upsert(summary: Summary) -> str:
    """Add the sums to what is there, and take the greater of the greatest."""
    return "ON DUPLICATE KEY UPDATE " + ", ".join(
        f"{name} = IF({name} IS NULL OR VALUES({name}) > {name}, VALUES({name}), {name})"
        if name in summary.greatest
        else f"{name} = {name} + VALUES({name})"
        for name in summary.measures
    )


def _may_be_empty(summary: Summary, measures: Measures) -> bool:
    """Whether a row may hold nothing but zeros after such a difference."""
    return not summary.greatest and any(measure < 0 for measure in measures)


def _clearing(summary: Summary, keys: Sequence[Row]) -> Iterator[bytes]:
    """Delete those of the rows that add up to nothing, so that no trace of the way there is left."""
    empty = " AND ".join(f"{name} = 0" for name in summary.measures)
    for start in range(0, len(keys), 500):
        chosen = sql.any_of(summary.table.key, keys[start : start + 500])
        yield f"DELETE FROM {summary.table.place} WHERE ({chosen}) AND {empty}".encode()  # noqa: S608  (literals)
