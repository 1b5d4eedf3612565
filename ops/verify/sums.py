"""Compare summaries with the SUM over their base rows, which the server calculates in one statement each.

One statement reads one snapshot, in which each summary equals its SUM at any time. Only the differing rows are
returned, a few at a time.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.core.projector import sql
from chalicelib.core.projector.summaries import Measures
from chalicelib.core.service import AnySummary, PrimaryKey, Projection

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor


class Wrong(NamedTuple):
    """A row of a summary that differs from the SUM. `held` is None without a row, `summed` without base rows."""

    summary: AnySummary
    key: PrimaryKey
    held: Measures | None
    summed: Measures | None

    def __str__(self) -> str:
        return f"{_words(self.summary, self.held)} instead of {_words(self.summary, self.summed)}"


def wrong_rows(
    connection: "Connection[Cursor]", projection: Projection, summary: AnySummary, keys: Sequence[PrimaryKey] = ()
) -> Iterator[Wrong]:
    """The rows of a summary that differ from the SUM over the base rows.

    Args:
        connection: a connection, which is in use until the last row was read.
        projection: the projection of the base tables.
        summary: a summary of the projection.
        keys: the only rows to compare; () for all.
    """
    from pymysql.cursors import SSCursor

    width, count = len(summary.table.key), len(summary.measures)
    with connection.cursor(SSCursor) as cursor:
        cursor.execute(_comparison(projection, summary, keys))
        while row := cursor.fetchone():
            key, held, summed = row[:width], row[width : width + count], row[width + count : -2]
            yield Wrong(summary, key, held if row[-2] else None, summed if row[-1] else None)


def set_to_sum(connection: "Connection[Cursor]", projection: Projection, summary: AnySummary, key: PrimaryKey) -> None:
    """Set one row of a summary to the SUM over the base rows, within the open transaction.

    First the row is locked, and created if needed. A transaction that has changed base rows, and not yet this summary,
    then waits for the lock and adds its difference to the committed SUM.
    """
    table = summary.table
    zeros = [None if name in summary.greatest else 0 for name in summary.measures]
    for statement in sql.insert(
        table, [table.row(*key, *zeros)], f"ON DUPLICATE KEY UPDATE {table.key[0]} = {table.key[0]}"
    ):
        connection.query(statement)
    chosen = sql.any_of(table.key, [key])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {','.join(summary.measures)} FROM ({_sums(projection, summary)}) s WHERE {chosen}")
        summed = cursor.fetchone()
        if summed is None or not any(summed):
            cursor.execute(f"DELETE FROM {table.physical_name} WHERE {chosen}")
            return
        values = ", ".join(
            f"{name} = {sql.literal(value)}" for name, value in zip(summary.measures, summed, strict=True)
        )
        cursor.execute(f"UPDATE {table.physical_name} SET {values} WHERE {chosen}")


def _comparison(projection: Projection, summary: AnySummary, keys: Sequence[PrimaryKey]) -> str:
    """The statement: the rows of both sides, grouped by key, of which those that differ are left."""
    table, names = summary.table, summary.measures
    where = f"WHERE {sql.any_of(table.key, keys)}" if keys else ""
    columns, key = ", ".join(table.columns), ", ".join(table.key)
    sides = [
        f"{'MAX' if name in summary.greatest else 'SUM'}(IF(side = {side}, {name}, NULL)) AS {prefix}_{name}"
        for side, prefix in enumerate(("held", "summed"))
        for name in names
    ]
    differ = " OR ".join(f"NOT (held_{name} <=> summed_{name})" for name in names)
    return (
        f"SELECT {key}, {', '.join(sides)}, SUM(side = 0) AS held_rows, SUM(side = 1) AS summed_rows FROM ("
        f"SELECT 0 AS side, {columns} FROM {table.physical_name} {where}"
        f" UNION ALL SELECT 1 AS side, {columns} FROM ({_sums(projection, summary)}) s {where}"
        f") both_sides GROUP BY {key} HAVING held_rows <> summed_rows OR {differ}"
    )


def _sums(projection: Projection, summary: AnySummary) -> str:
    """The summary's `sums` statement, over the projection's tables."""
    tables = (projection.root, *projection.children)
    return summary.sums.format_map({table.name: table.physical_name for table in tables})


def _words(summary: AnySummary, measures: Measures | None) -> str:
    if measures is None:
        return "no row"
    return ", ".join(f"{name} {_word(value)}" for name, value in zip(summary.measures, measures, strict=True))


def _word(value: Any) -> str:
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else str(value)
