"""The migrations have every column that a projection writes, wide enough and of the right type."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from msgspec import inspect
from pymysql.cursors import DictCursor

from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector import heartbeats, timeline
from chalicelib.core.service import Projection, Service, Table
from tests.support.checks.made import Field, fields_of, longest, range_of

_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_UNBOUNDED = ("text", "mediumtext", "longtext")
_BYTES = 4  # of a character, at most. The length of a TEXT is in bytes, that of a VARCHAR in characters.
_COLUMNS = """SELECT column_name AS name, data_type AS type, column_type AS full_type, is_nullable AS nullable,
  character_maximum_length AS length, numeric_precision AS digits, datetime_precision AS fraction,
  collation_name AS collation, column_default AS fallback, extra AS extra
  FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s"""
_KEY = """SELECT column_name FROM information_schema.statistics
  WHERE table_schema = DATABASE() AND table_name = %s AND index_name = 'PRIMARY' ORDER BY seq_in_index"""


class Column(NamedTuple):
    """A column as the server describes it. See information_schema.columns."""

    name: str
    type: str
    full_type: str
    nullable: str
    length: int | None
    digits: int | None
    fraction: int | None
    collation: str | None
    fallback: Any
    extra: str


def column_faults(url: str, services: Iterable[Service]) -> list[str]:
    """Return what a migrated database's tables lack for the projections of these services, and for the engine."""
    tables = [timeline.TABLE, heartbeats.TABLE]
    faults: list[str] = []
    for service in services:
        faults += declaration_faults(service.projection)
        tables += service.projection.tables
    connection = connect(url)
    with connection.cursor(DictCursor) as cursor:
        for table in tables:
            cursor.execute(_COLUMNS, (table.name,))
            columns = {row["name"]: Column(**row) for row in cursor.fetchall()}
            cursor.execute(_KEY, (table.name,))
            key = tuple(next(iter(row.values())) for row in cursor.fetchall())
            faults += _table_faults(table, columns, key)
    connection.close()
    return faults


def declaration_faults(projection: Projection) -> list[str]:
    """Return the rules of the projector that a projection's declaration breaks."""
    root = projection.root
    faults = [] if len(root.key) == 1 else [f"{root.name}: a root table has one key column"]
    if not {"version", "deleted_at"} <= {*root.columns}:
        faults.append(f"{root.name}: a root table has version and deleted_at")
    faults += [
        f"{table.name}: the columns of the key come first"
        for table in projection.tables
        if table.columns[: len(table.key)] != table.key
    ]
    faults += [
        f"{summary.table.name}: {name} is not one of its measures"
        for summary in projection.summaries
        for name in summary.greatest
        if name not in summary.measures
    ]
    return faults


def _table_faults(table: Table, columns: dict[str, Column], key: tuple[str, ...]) -> Iterator[str]:
    if not columns:
        yield f"{table.name}: no migration makes this table"
        return
    if key != table.key:
        yield f"{table.name}: its primary key is ({', '.join(key)}), the projection's is ({', '.join(table.key)})"
    for field in fields_of(table.row):
        place = f"{table.name}.{field.name}"
        if field.name not in columns:
            yield f"{place}: no migration makes this column"
            continue
        column = columns[field.name]
        yield from (f"{place}: {fault}" for fault in _faults(field, column, is_key=field.name in table.key))
    for column in columns.values():
        given = column.name in table.columns or column.fallback is not None or column.nullable == "YES"
        if not given and "GENERATED" not in column.extra.upper():
            yield f"{table.name}.{column.name}: must be given a value, and the projector writes none"


def _faults(field: Field, column: Column, *, is_key: bool) -> Iterator[str]:
    if field.optional and column.nullable == "NO":
        yield "may be None in a row and not NULL in the table"
    match field.kind:
        case inspect.StrType() | inspect.LiteralType():
            yield from _text_faults(longest(field.kind), column, is_key=is_key)
        case inspect.IntType():
            yield from _number_faults(*range_of(field.kind), column)
        case inspect.DateTimeType():
            if column.type != "datetime" or (column.fraction or 0) < 3:
                yield f"holds a time with milliseconds and is a {column.full_type}; make it DATETIME(3)"
        case inspect.DateType():
            if column.type != "date":
                yield f"holds a date and is a {column.full_type}; make it DATE"
        case other:
            yield f"holds a {other}, which no column does"


def _text_faults(most: int | None, column: Column, *, is_key: bool) -> Iterator[str]:
    if column.length is None:
        yield f"holds text and is a {column.full_type}"
    elif most is None and column.type not in _UNBOUNDED:
        yield f"is a {column.full_type}, and its row does not say how long it may be: annotate it, or make it TEXT"
    elif most is not None and column.length < most * (_BYTES if column.type in _UNBOUNDED else 1):
        yield f"may have {most} characters and is a {column.full_type}"
    if is_key and not (column.collation or "").endswith("_bin"):
        yield f"is of a key and compares by {column.collation}; keys compare by utf8mb4_bin, as DynamoDB's do"


def _number_faults(least: int, most: int, column: Column) -> Iterator[str]:
    if column.type == "decimal":
        there = -(10 ** (column.digits or 0)) + 1, 10 ** (column.digits or 0) - 1
    elif column.type in _BITS:
        bits = _BITS[column.type]
        there = (0, 2**bits - 1) if "unsigned" in column.full_type else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    else:
        yield f"holds a whole number and is a {column.full_type}"
        return
    if least < there[0] or most > there[1]:
        yield f"may be {least} to {most}, and a {column.full_type} is {there[0]} to {there[1]}"
