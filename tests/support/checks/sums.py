"""A summary's SQL, by which it is verified and repaired, gives the same sums as its contributions."""

import re
from collections.abc import Callable, Iterator, Mapping
from types import CodeType
from typing import Any

from msgspec.structs import astuple

from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector import sql
from chalicelib.core.service import ChildRows, PrimaryKey, Projection, Row, Summary
from tests.support.checks.made import Maker

_AGGREGATES = 80

Sums = dict[PrimaryKey, tuple[Any, ...]]


def sum_faults(url: str, projection: Projection) -> list[str]:
    """Return where the SQL and the contributions of a projection's summaries differ, on rows made up from their types.

    Args:
        url: the URL of a migrated database whose tables of this projection are empty.
        projection: the service's projection.
    """
    texts = [text for summary in projection.summaries for text in mentioned(summary)]
    maker = Maker(texts)
    made = [maker.rows(projection, number) for number in range(_AGGREGATES)]
    connection = connect(url)
    for table in (projection.root, *projection.children):
        rows = [row for root, children in made for row in _rows_of(table.name, projection, root, children)]
        for statement in sql.insert(table, rows):
            connection.query(statement)
    faults = [fault for summary in projection.summaries for fault in _faults(connection, projection, summary, made)]
    connection.close()
    return faults


def _rows_of(name: str, projection: Projection, root: Row, children: ChildRows) -> list[Row]:
    return [root] if name == projection.root.name else list(children.get(name, ()))


def _faults(
    connection: Any, projection: Projection, summary: Summary, made: list[tuple[Row, ChildRows]]
) -> Iterator[str]:
    by_code, by_sql = _by_contributions(summary, made), _by_sql(connection, projection, summary)
    if not by_code:
        yield f"{summary.table.name}: no row that was made up contributes, so that nothing is compared"
    for key in sorted(by_code.keys() | by_sql.keys(), key=repr):
        if by_code.get(key) != by_sql.get(key):
            yield (
                f"{summary.table.name} {key}: its contributions add up to {by_code.get(key)}, its SQL to"
                f" {by_sql.get(key)} of ({', '.join(summary.measures)})"
            )


def _by_contributions(summary: Summary, made: list[tuple[Row, ChildRows]]) -> Sums:
    found: Sums = {}
    for root, children in made:
        for row in summary.contributions(root, children):
            key, added = summary.table.key_of(row), astuple(row)[len(summary.table.key) :]
            found[key] = _together(summary, found[key], added) if key in found else added
    return _without_zeros(summary, found)


def _together(summary: Summary, old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        max(filter(None, (one, other)), default=None) if name in summary.greatest else one + other
        for name, one, other in zip(summary.measures, old, new, strict=True)
    )


def _by_sql(connection: Any, projection: Projection, summary: Summary) -> Sums:
    names = {table.name: table.name for table in (projection.root, *projection.children)}
    width = len(summary.table.key)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(summary.table.columns)} FROM ({summary.sums.format_map(names)}) s")
        rows = cursor.fetchall()
    return _without_zeros(summary, {row[:width]: tuple(map(_whole, row[width:])) for row in rows})


def _whole(value: Any) -> Any:
    """Convert a SUM, which is a DECIMAL, to an integer."""
    return int(value) if hasattr(value, "as_tuple") else value


def _without_zeros(summary: Summary, sums: Sums) -> Sums:
    """Remove rows whose sums are all zero, since the projector keeps no such row."""
    return sums if summary.greatest else {key: measures for key, measures in sums.items() if any(measures)}


def mentioned(summary: Summary) -> list[str]:
    """Return the words that a summary compares: those in its SQL, and those in the code of its contributions."""
    return sorted({*re.findall(r"'([^']*)'", summary.sums), *_of_function(summary.contributions)})


def _of_function(function: Callable[..., Any]) -> set[str]:
    found: set[str] = set()
    code: CodeType | None = getattr(function, "__code__", None)
    if code is None:
        return found
    globals_: Mapping[str, Any] = getattr(function, "__globals__", {})
    for value in [*code.co_consts, *(globals_.get(name) for name in code.co_names)]:
        found |= _texts(value)
    return found


def _texts(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value} if len(value) <= 32 else set()
    if isinstance(value, set | frozenset | tuple | list):
        return {text for member in value for text in _texts(member)}
    return set()
