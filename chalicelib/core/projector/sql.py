"""Multi-row statements, encoded a column at a time.

PyMySQL's executemany encodes value by value in Python and costs more than the server's own work; here
almost every step is one call of C code for a whole column of a batch (bench/projector.py compares).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import NoneType
from typing import Any

from msgspec.structs import astuple

from chalicelib.core.service import PrimaryKey, Row, Table

# Of at most four bytes each: well below the 16 MB that max_allowed_packet must allow.
MAX_STATEMENT_CHARACTERS = 2_000_000
_SEPARATOR = "\x00"
# Kinds whose values repeat within a batch, so that each is written once and then looked up.
_REPEATED = frozenset({NoneType, datetime, date})


def text_literal(value: str) -> str:
    r"""A string in quotes.

    Only `\` and `'` need escaping in a quoted utf8mb4 string without NO_BACKSLASH_ESCAPES, which
    SQL_MODE in core/mysql/connections.py excludes (https://dev.mysql.com/doc/c-api/8.0/en/mysql-real-escape-string-quote.html).
    """
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


_LITERALS: dict[type, Any] = {
    str: text_literal,
    int: str,
    NoneType: lambda _: "NULL",
    datetime: lambda value: f"'{value!s}'",
    date: lambda value: f"'{value!s}'",
    bool: lambda value: "1" if value else "0",
    Decimal: str,
}


def literal(value: Any) -> str:
    """The SQL literal of a value of a row.

    Raises:
        TypeError: for a type that no row holds: float, bytes, a list.
    """
    try:
        return str(_LITERALS[type(value)](value))
    except KeyError:
        raise TypeError(f"a row holds a {type(value).__name__}") from None


def tuples(rows: Iterable[tuple[Any, ...]]) -> list[str]:
    """The rows as literals in parentheses: `('a',1,NULL)`.

    Raises:
        TypeError: see `literal`.
        ValueError: the rows differ in length.
    """
    columns = [_column(values) for values in zip(*rows, strict=True)]
    return [f"({row})" for row in map(",".join, zip(*columns, strict=True))]


def _column(values: tuple[Any, ...]) -> Sequence[str]:
    """The literals of one column's values; by one call for all where they are of one kind."""
    kinds = set(map(type, values))
    if kinds == {str}:
        return _text_column(values)
    if kinds == {int}:
        return list(map(str, values))
    if kinds <= _REPEATED:
        literals = {value: _LITERALS[type(value)](value) for value in set(values)}
        return [literals[value] for value in values]
    return [literal(value) for value in values]


def _text_column(values: tuple[str, ...]) -> list[str]:
    """All strings escaped as one, joined by a character that no value holds, or else one by one."""
    joined = text_literal(_SEPARATOR.join(values))
    if joined.count(_SEPARATOR) != len(values) - 1:
        return [text_literal(value) for value in values]
    return joined.replace(_SEPARATOR, "'\x00'").split(_SEPARATOR)


def insert(table: Table, rows: Sequence[Row], tail: str = "") -> Iterator[bytes]:
    """INSERT statements of a table's rows, each at most MAX_STATEMENT_CHARACTERS unless a single row is longer.

    Raises:
        TypeError: see `literal`.
        UnicodeEncodeError: a string that is not valid Unicode.
    """
    if not rows:
        return
    head = f"INSERT INTO {table.physical_name} ({','.join(table.columns)}) VALUES "  # noqa: S608  (names are the projection's)
    for part in _parts(tuples(map(astuple, rows))):
        yield f"{head}{','.join(part)} {tail}".encode()


def _parts(literals: list[str]) -> Iterable[list[str]]:
    """Cut a list so that no part is too long for a statement."""
    if sum(map(len, literals)) <= MAX_STATEMENT_CHARACTERS:
        return [literals]
    parts: list[list[str]] = [[]]
    size = 0
    for row in literals:
        if parts[-1] and size + len(row) > MAX_STATEMENT_CHARACTERS:
            parts.append([])
            size = 0
        parts[-1].append(row)
        size += len(row) + 1
    return parts


def in_list(values: Iterable[Any]) -> str:
    """`('a','b')`, for `column IN`."""
    return f"({','.join(map(literal, values))})"


def any_of(columns: Sequence[str], keys: Iterable[PrimaryKey]) -> str:
    """A condition that one of those keys is met.

    Written out with OR, since MariaDB does not turn `(a, b) IN ((1, 2), ...)` into ranges of an index.
    """
    return " OR ".join(
        "(" + " AND ".join(f"{column}={literal(value)}" for column, value in zip(columns, key, strict=True)) + ")"
        for key in keys
    )
