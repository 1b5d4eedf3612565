"""The cursor that every query uses. The server itself ends a statement that takes too long.

When a client gives up, its statement goes on; many such statements would occupy the whole server. So each statement
carries its limit in its text, in the words of the kind of server that is asked. A session variable would make RDS Proxy
pin the session to its connection. So would a comment that one kind of server executes and the other ignores.
https://mariadb.com/kb/en/set-statement/
https://dev.mysql.com/doc/refman/8.0/en/optimizer-hints.html#optimizer-hints-execution-time
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-proxy-pinning.html
"""

import re
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.core.errors import TooCostly
from chalicelib.core.mysql.connections import error_code, is_mariadb

if TYPE_CHECKING:
    from chalicelib.core.mysql.rows import RowsByName

ResultRow = Mapping[str, Any]
"""A row of a query's result, by the names of its columns.

A DATETIME(3) is text, which `timestamp` converts. A sum of integers is an int.
"""
DEFAULT_LIMIT_SECONDS = 2.0
_SELECT = re.compile(r"\s*SELECT\b", re.IGNORECASE)
# "max_statement_time exceeded" of MariaDB, "maximum statement execution time exceeded" of MySQL.
_ENDED = frozenset({1969, 3024})


class QueryCursor(Protocol):
    """The cursor that a query function gets."""

    def execute(self, statement: str, values: tuple[Any, ...] = (), /) -> int:
        """Run a SELECT. Returns the number of rows."""

    def fetchone(self) -> ResultRow | None:
        """The next row, or None."""

    def fetchall(self) -> Sequence[ResultRow]:
        """The remaining rows."""


class LimitedCursor:
    """A cursor for one query, on one snapshot.

    Args:
        cursor: the connection's cursor.
        seconds: how long the server may work on all statements of the query together.
    """

    def __init__(self, cursor: "RowsByName", seconds: float) -> None:
        self._cursor = cursor
        self._seconds = self._left = seconds
        self._mariadb = is_mariadb(cursor.connection)

    def execute(self, statement: str, values: tuple[Any, ...] = (), /) -> int:
        """Run a SELECT within the time that is left. Returns the number of rows.

        Raises:
            ValueError: the statement is no SELECT, so it cannot carry a limit.
            TooCostly: the server has ended the statement.
        """
        if self._left <= 0:
            raise self._too_costly()
        limited = with_limit(statement, self._left, mariadb=self._mariadb)
        start = time.monotonic()
        try:
            rows = self._cursor.execute(limited, values)
        except Exception as error:
            if error_code(error) in _ENDED:
                raise self._too_costly() from error
            raise
        finally:
            self._left -= time.monotonic() - start
        if self._mariadb and self._left <= 0:
            # MariaDB may have ended it in a subquery, whose value is then NULL, and have reported success.
            raise self._too_costly()
        return rows

    def fetchone(self) -> ResultRow | None:
        """The next row, or None."""
        return self._cursor.fetchone()

    def fetchall(self) -> Sequence[ResultRow]:
        """The remaining rows."""
        return self._cursor.fetchall()

    def _too_costly(self) -> TooCostly:
        return TooCostly(
            f"The read model was given {self._seconds:g} s for an answer, which did not suffice. Ask for less: more"
            " filters, a shorter range of time, or in `q` longer and rarer words."
        )


def with_limit(statement: str, seconds: float, *, mariadb: bool) -> str:
    """The statement with a time limit that the server keeps.

    Args:
        statement: a SELECT.
        seconds: more than 0.
        mariadb: whether the server is a MariaDB; otherwise it is a MySQL.

    Raises:
        ValueError: the statement is no SELECT.
    """
    select = _SELECT.match(statement)
    if not select:
        raise ValueError(f"a query is a SELECT, and this is none: {statement[:80]!r}")
    milliseconds = max(1, int(seconds * 1000))  # 0 would be no limit
    if mariadb:
        return f"SET STATEMENT max_statement_time={milliseconds / 1000} FOR {statement}"
    return f"SELECT /*+ MAX_EXECUTION_TIME({milliseconds}) */{statement[select.end() :]}"
