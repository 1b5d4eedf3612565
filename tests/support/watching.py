"""The server's work for a query: its plans by EXPLAIN, and the rows that it reads.

The rows read are the session's Handler_read counters. They count the work that was done, whatever the plan was, and do
not depend on the machine.
"""

import re
from collections.abc import Callable
from typing import Any

from pymysql.cursors import DictCursor

from chalicelib.core.mysql.connections import connect
from chalicelib.core.queries.listing import Page

_MATERIALISED = re.compile(r"<(derived|subquery|union)")


class Recorder(DictCursor):
    """A cursor that records its statements, without and with their values."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.statements: list[tuple[str, str]] = []

    def execute(self, query: str, args: Any = None) -> int:
        """See DictCursor."""
        self.statements.append((query, self.mogrify(query, args)))
        return super().execute(query, args)


def explain_as_a_table(connection: Any) -> None:
    """Choose the table format of EXPLAIN. MySQL 9 has a tree by default. MariaDB has only the table."""
    with connection.cursor() as cursor:
        if cursor.execute("SHOW SESSION VARIABLES LIKE 'explain_format'"):
            cursor.execute("SET SESSION explain_format = TRADITIONAL")


class Watch:
    """A watch that runs queries and reports the server's work.

    Args:
        url: the URL of a read model with many rows.
    """

    def __init__(self, url: str) -> None:
        self._connection = connect(url, for_queries=True)
        explain_as_a_table(self._connection)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __call__(self, query: Callable[[Any], Any]) -> tuple[Any, int]:
        """Run a query, and check the plan of each statement. Return the answer and the number of rows read."""
        cursor = Recorder(self._connection)
        before = self._rows_read()
        answer = query(cursor)
        read = self._rows_read() - before
        for _, statement in cursor.statements:
            self._check(statement)
        return answer, read

    def two_pages(self, page: Callable[[Any, str | None], Page[Any]]) -> int:
        """Read a list's first page and the next, if there is one. Return the most rows that the server read for a page.

        Args:
            page: (cursor of the connection, the list's cursor) -> Page.
        """
        first, most = self(lambda cursor: page(cursor, None))
        if first.next_bookmark:
            _, read = self(lambda cursor: page(cursor, first.next_bookmark))
            most = max(most, read)
        return most

    def _rows_read(self) -> int:
        with self._connection.cursor() as cursor:
            cursor.execute("SHOW SESSION STATUS LIKE 'Handler%'")
            done = {name: int(value) for name, value in cursor.fetchall()}
        # The counters that MariaDB leaves out while it reads an index, and that MySQL does not have.
        left_out = done.get("Handler_icp_attempts", 0) - done.get("Handler_icp_match", 0)
        return left_out + sum(rows for name, rows in done.items() if name.startswith("Handler_read"))

    def _check(self, statement: str) -> None:
        """Check that no table of the read model is read as a whole without an index."""
        with self._connection.cursor(DictCursor) as cursor:
            cursor.execute(f"EXPLAIN {statement}")
            for step in cursor.fetchall():
                table = step["table"]
                if table and not _MATERIALISED.match(table):
                    assert step["type"] != "ALL", f"{table} is scanned by {statement}"
