"""A connection of PyMySQL that reads rows in less time, and gives the same values.

PyMySQL reads each packet in two calls and each value in three more, and parses the columns' descriptions every time.
Here an answer is read in chunks and cut into values. The values of a column are converted together, by functions of C.
Descriptions that were read before are not parsed again. All else is PyMySQL's: sending, answers without rows, errors.

https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from struct import Struct
from typing import Any, NamedTuple

from pymysql import connections
from pymysql.constants import CR, FIELD_TYPE, SERVER_STATUS
from pymysql.converters import conversions, through
from pymysql.err import InternalError, MySQLError, NotSupportedError, OperationalError, raise_mysql_exception
from pymysql.protocol import FieldDescriptorPacket

from chalicelib.core.mysql.connections import error_code

# PyMySQL's own converters of DATETIME and DATE take three times as long.
CONVERSIONS: dict[Any, Callable[[Any], Any]] = {
    **conversions,
    FIELD_TYPE.DATETIME: datetime.fromisoformat,
    FIELD_TYPE.DATE: date.fromisoformat,
}
# For queries, which answer with text and integers: a DATETIME stays text, and a DECIMAL without a fraction is an int.
FOR_QUERIES = {kind: step for kind, step in CONVERSIONS.items() if kind != FIELD_TYPE.DATETIME}
_CHUNK = 1 << 16
_HEADER = Struct("<I")  # three bytes of length, one of the packet's number
_LARGEST = 0xFFFFFF  # the content of a packet of this length goes on in the next
_WARNINGS_AND_STATUS = Struct("<xHH")
_NULL, _END, _ERROR = 0xFB, 0xFE, 0xFF
_SHORTER_THAN = 9  # is a packet that ends the rows; a row that begins with the same byte is longer
_SIZES = {0xFC: 2, 0xFD: 3, 0xFE: 8}  # first byte of a value of over 250 bytes -> number of bytes of its length
_BINARY = 63  # the character set of bytes

Step = Callable[[Any], Any]


class Connection(connections.Connection):
    """See the module.

    Attributes:
        has_answered: whether a statement was answered since somebody last set this to False.
    """

    has_answered = False

    def _read_query_result(self, unbuffered: bool = False) -> Any:
        self._result = None
        result = _Result(self)
        if unbuffered:
            result.init_unbuffered_query()
        else:
            result.read()
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        self.has_answered = True
        return result.affected_rows


class RowsByName:
    """A cursor that gives rows as PyMySQL's DictCursor does, without what queries do not need.

    Args:
        connection: of this module.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._rows: Sequence[tuple[Any, ...]] = ()
        self._names: Sequence[str] = ()

    def execute(self, statement: str, values: tuple[Any, ...] = ()) -> int:
        """Run a SELECT, with a value for each %s. Returns the number of rows.

        Raises:
            MySQLError: see PyMySQL.
        """
        self.connection.query(statement % tuple(map(self.connection.escape, values)))
        result: Any = self.connection._result
        self._rows, self._names = result.rows, result.names
        return int(result.affected_rows)

    def fetchone(self) -> dict[str, Any] | None:
        """The next row, or None."""
        rows, self._rows = self._rows[:1], self._rows[1:]
        return dict(zip(self._names, rows[0], strict=True)) if rows else None

    def fetchall(self) -> list[dict[str, Any]]:
        """The remaining rows."""
        names, rows, self._rows = self._names, self._rows, ()
        return [dict(zip(names, row)) for row in rows]  # noqa: B905 - `strict` takes a third longer


class _Result(connections.MySQLResult):
    """The answer to a statement."""

    def _read_result_packet(self, first_packet: Any) -> None:
        """Read an answer with rows, after its first packet.

        Raises:
            MySQLError: the server ended the statement, or the connection was lost.
        """
        connection: Any = self.connection
        packets = _Packets(connection)
        try:
            self.field_count = first_packet.read_length_encoded_integer()
            columns = _columns(tuple(packets.until_end()), FIELD_TYPE.DATETIME not in connection.decoders)
            self.rows = _rows(packets.until_end(), columns.steps)
            self.warning_count, self.server_status = packets.finish()
        except BaseException as error:
            if error_code(error) is None:  # it is not the server's, which ends the answer
                connection._force_close()  # what is left of the answer would be taken for the next one
            raise
        self.fields, self.description, self.names = columns.fields, columns.description, columns.names
        self.affected_rows, self.has_next = len(self.rows), False


class _Packets:
    """The contents of an answer's packets, after the first."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._number: int = connection._next_seq_id
        self._buffer, self._at, self._last = b"", 0, b""

    def until_end(self) -> Iterator[bytes]:
        """Yield the contents up to the packet that ends the columns, or the rows.

        Raises:
            MySQLError: the server ended the statement, or the connection was lost.
        """
        buffer, at, number, unpack = self._buffer, self._at, self._number, _HEADER.unpack_from
        earlier = b""
        while True:
            if at + 4 > len(buffer):
                buffer, at = buffer[at:] + self._more(at + 4 - len(buffer)), 0
            (header,) = unpack(buffer, at)
            if header >> 24 != number:
                raise self._out_of_step(header >> 24, number)
            number = (number + 1) & 0xFF
            at, end = at + 4, at + 4 + (header & _LARGEST)
            if end > len(buffer):
                buffer, at, end = buffer[at:] + self._more(end - len(buffer)), 0, end - at
            content, at = buffer[at:end], end
            if header & _LARGEST == _LARGEST:
                earlier += content
                continue
            if earlier:
                content, earlier = earlier + content, b""
            if content[0] >= _END and (content[0] == _ERROR or len(content) < _SHORTER_THAN):
                break
            yield content
        if content[0] == _ERROR:
            raise_mysql_exception(content)
        self._buffer, self._at, self._number, self._last = buffer, at, number, content

    def finish(self) -> tuple[int, int]:
        """The number of warnings and the status of the server, from the last packet of the answer."""
        warnings, status = _WARNINGS_AND_STATUS.unpack_from(self._last)
        if status & SERVER_STATUS.SERVER_MORE_RESULTS_EXISTS:
            self._connection._force_close()
            raise NotSupportedError("the statement has several results, as a stored procedure may; only one is read")
        if self._at < len(self._buffer):  # the server says why it ends the session
            self._connection._force_close()
        return warnings, status

    def _more(self, least: int) -> bytes:
        """At least so many further bytes, and those that are there as well."""
        try:
            found: bytes = self._connection._rfile.read1(_CHUNK)
        except OSError as error:
            self._connection._force_close()
            raise OperationalError(
                CR.CR_SERVER_LOST, f"Lost connection to MySQL server during query ({error})"
            ) from error
        return found if len(found) >= least else found + self._connection._read_bytes(least - len(found))

    def _out_of_step(self, found: int, expected: int) -> MySQLError:
        self._connection._force_close()
        if found == 0:  # MariaDB's number, when it shuts down
            return OperationalError(CR.CR_SERVER_LOST, "Lost connection to MySQL server during query")
        return InternalError(f"Packet sequence number wrong - got {found} expected {expected}")


class _Columns(NamedTuple):
    """The columns of an answer: as PyMySQL describes and names them, and the steps that convert the values of each."""

    fields: Sequence[FieldDescriptorPacket]
    description: tuple[tuple[Any, ...], ...]
    names: Sequence[str]
    steps: Sequence[Sequence[Step]]


@lru_cache(maxsize=256)
def _columns(descriptions: tuple[bytes, ...], for_queries: bool) -> _Columns:
    fields: list[Any] = [FieldDescriptorPacket(each, "utf8") for each in descriptions]
    names: list[str] = []
    for field in fields:
        names.append(f"{field.table_name}.{field.name}" if field.name in names else field.name)
    steps = [_steps(field, for_queries) for field in fields]
    return _Columns(fields, tuple(field.description() for field in fields), names, steps)


def _steps(field: Any, for_queries: bool) -> Sequence[Step]:
    """How a column's values are converted, as in PyMySQL: numbers are ASCII, JSON and texts are UTF-8."""
    kind = field.type_code
    converter = (FOR_QUERIES if for_queries else CONVERSIONS).get(kind, through)
    if for_queries and kind == FIELD_TYPE.NEWDECIMAL and not field.scale:
        converter = int
    if converter in (int, float):  # they take bytes, too
        return (converter,)
    is_bytes = kind in connections.TEXT_TYPES and kind != FIELD_TYPE.JSON and field.charsetnr == _BINARY
    decode: list[Step] = [] if is_bytes else [bytes.decode]
    return decode if converter is through else [*decode, converter]


def _rows(contents: Iterable[bytes], steps: Sequence[Sequence[Step]]) -> tuple[tuple[Any, ...], ...]:
    """The rows in the contents of their packets."""
    values: list[bytes | None] = []
    with_null: set[int] = set()
    add, numbers = values.append, range(len(steps))
    for content in contents:
        at = 0
        for number in numbers:
            length = content[at]
            at += 1
            if length >= _NULL:
                if length == _NULL:
                    with_null.add(number)
                    add(None)
                    continue
                size = _SIZES[length]
                length, at = int.from_bytes(content[at : at + size], "little"), at + size
            end = at + length
            add(content[at:end])
            at = end
        if at != len(content):
            raise InternalError("a row is longer or shorter than its values")
    columns = (values[number :: len(steps)] for number in numbers)
    return tuple(
        zip(*(_converted(each, steps[number], number in with_null) for number, each in enumerate(columns)), strict=True)
    )


def _converted(values: Iterable[Any], steps: Sequence[Step], with_null: bool) -> Iterable[Any]:
    if with_null:
        given = iter(_converted([value for value in values if value is not None], steps, False))
        return [None if value is None else next(given) for value in values]
    for step in steps:
        values = map(step, values)
    return values
