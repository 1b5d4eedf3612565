"""Statements whose answers are read later, so that the caller works while the server does.

A connection carries one statement at a time: `receive` reads the answer of the one that was sent before another is
sent. PyMySQL's own `query` does both at once; these are its two halves.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

_COM_QUERY = 3  # of the protocol: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query.html


def send(connection: "Connection[Cursor]", statement: bytes) -> None:
    """Send a statement. Nothing else may use the connection until `receive`."""
    connection._execute_command(_COM_QUERY, statement)  # type: ignore[attr-defined]  # not in the stubs


def receive(connection: "Connection[Cursor]") -> tuple[tuple[Any, ...], ...]:
    """Wait until the statement that was sent is done. Returns its rows; () if it has none.

    Raises:
        Exception: whatever the server or the connection raises.
    """
    connection._read_query_result()  # type: ignore[attr-defined]  # not in the stubs
    return connection._result.rows or ()  # type: ignore[attr-defined]  # not in the stubs


def run_each(connection: "Connection[Cursor]", statements: Iterable[bytes]) -> None:
    """Run statements one after the other. While the server runs one, the next is taken from the iterable.

    Raises:
        Exception: whatever the server, the connection or the iterable raises. No statement is in progress any more.
    """
    sent = False
    try:
        for statement in statements:
            if sent:
                sent = False
                receive(connection)
            send(connection, statement)
            sent = True
    finally:
        if sent:
            receive(connection)
