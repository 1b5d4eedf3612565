"""Prepared statements: the server parses the text once, and then gets the values in binary, without quotes or escapes.

PyMySQL knows only statements as text, and parsing a large INSERT's literals is a large part of its cost (ADR 32). A
connection prepares a text when it first executes it, and keeps it until it is closed. After a change of the tables the
server itself prepares it anew.

https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase_ps.html
"""

import struct
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from itertools import chain
from types import NoneType
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

UNKNOWN_STATEMENT = 1243
"""The server's error if the session is not the one that prepared the statement: a proxy may have changed it."""
COM_STMT_PREPARE, COM_STMT_EXECUTE = 0x16, 0x17
_PREPARED = struct.Struct("<xIHH")  # the statement's id, how many columns its result has, how many parameters it takes
_ID = struct.Struct("<I")
_NO_CURSOR_ONCE = b"\x00\x01\x00\x00\x00"
_TYPES_FOLLOW = b"\x01"
_INT = struct.Struct("<q")
_DATETIME, _DATE = struct.Struct("<BHBBBBBI"), struct.Struct("<BHBB")
_SHORT = [bytes((length,)) for length in range(251)]
_SIZES = {2: b"\xfc", 3: b"\xfd", 8: b"\xfe"}
# Of the protocol, as pymysql.constants.FIELD_TYPE has them; command functions import no MySQL client.
_NULL, _LONGLONG, _DATE_TYPE, _DATETIME_TYPE, _VAR_STRING = (bytes((kind, 0)) for kind in (6, 8, 10, 12, 253))


class Execution(NamedTuple):
    """An execution of a prepared statement.

    Attributes:
        text: the statement, with `?` for each value.
        values: the values and their types, as the protocol has them.
    """

    text: bytes
    values: bytes


_ids: "WeakKeyDictionary[Connection[Cursor], dict[bytes, int]]" = WeakKeyDictionary()


def prepared(connection: "Connection[Cursor]") -> dict[bytes, int]:
    """The ids of the statements that a connection has prepared, by their text."""
    return _ids.setdefault(connection, {})


def execute(connection: "Connection[Cursor]", execution: Execution) -> None:
    """Send an execution; its answer is read as that of any statement.

    Raises:
        pymysql.err.MySQLError: the server refuses to prepare the statement, or the connection was lost.
    """
    ids = prepared(connection)
    if execution.text not in ids:
        ids[execution.text] = _prepare(connection, execution.text)
    payload = _ID.pack(ids[execution.text]) + execution.values
    connection._execute_command(COM_STMT_EXECUTE, payload)  # type: ignore[attr-defined]  # not in the stubs


def _prepare(connection: Any, text: bytes) -> int:
    from chalicelib.core.mysql.rows import Packets

    connection._execute_command(COM_STMT_PREPARE, text)
    id, *counts = _PREPARED.unpack_from(connection._read_packet().get_all_data())
    packets = Packets(connection)
    for _ in filter(None, counts):
        deque(packets.until_end(), maxlen=0)  # descriptions of parameters or columns
    return int(id)


def values_of(rows: Iterable[tuple[Any, ...]]) -> bytes | None:
    """Rows as the values of an execution; None if a value has no binary form here, or a column has values of two kinds.

    Raises:
        UnicodeEncodeError: a string that is not valid Unicode.
    """
    columns = list(zip(*rows, strict=True))
    try:
        types, values = zip(*map(_encoded, columns), strict=True)
    except (KeyError, struct.error):  # a kind that is not in the table; a number of more than 64 bits
        return None
    row_by_row = chain.from_iterable(zip(*values, strict=True))
    return b"".join((_NO_CURSOR_ONCE, _nulls(columns), _TYPES_FOLLOW, b"".join(types) * len(columns[0]), *row_by_row))


def _nulls(columns: Sequence[tuple[Any, ...]]) -> bytes:
    """A bit for each value, row by row, that says whether it is NULL."""
    width, height = len(columns), len(columns[0])
    bits = bytearray((width * height + 7) // 8)
    for column, values in enumerate(columns):
        if None in values:
            for row, value in enumerate(values):
                if value is None:
                    place = row * width + column
                    bits[place >> 3] |= 1 << (place & 7)
    return bytes(bits)


def _encoded(values: tuple[Any, ...]) -> tuple[bytes, Iterable[bytes]]:
    """The type of a column's values, and the values in binary: nothing where they are NULL."""
    kinds = frozenset(map(type, values))
    type_, encode = _KINDS[kinds - {NoneType}]
    if NoneType not in kinds:
        return type_, encode(values)
    given = iter(encode([value for value in values if value is not None]))
    return type_, [b"" if value is None else next(given) for value in values]


def _texts(values: Iterable[str]) -> Iterable[bytes]:
    encoded = list(map(str.encode, values))
    return [_SHORT[len(each)] + each if len(each) <= 250 else _long(each) for each in encoded]


def _long(text: bytes) -> bytes:
    """A text of more than 250 bytes: how many bytes its length takes, its length, and the text."""
    size = 2 if len(text) < 1 << 16 else 3 if len(text) < 1 << 24 else 8
    return _SIZES[size] + len(text).to_bytes(size, "little") + text


def _moments(values: Iterable[datetime]) -> Iterable[bytes]:
    return [
        _DATETIME.pack(11, at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond) for at in values
    ]


def _dates(values: Iterable[date]) -> Iterable[bytes]:
    return [_DATE.pack(4, day.year, day.month, day.day) for day in values]


# By the kinds of a column's values: their type in the protocol, and how they are encoded.
_KINDS: dict[frozenset[type], tuple[bytes, Callable[[Any], Iterable[bytes]]]] = {
    frozenset(): (_NULL, iter),
    frozenset({str}): (_VAR_STRING, _texts),
    frozenset({int}): (_LONGLONG, lambda values: list(map(_INT.pack, values))),
    frozenset({datetime}): (_DATETIME_TYPE, _moments),
    frozenset({date}): (_DATE_TYPE, _dates),
}
