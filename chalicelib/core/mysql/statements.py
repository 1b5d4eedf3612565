"""Statements whose answers are read later, so that the caller works while the server does.

A connection carries one statement at a time: `receive` reads the answer of the one that was sent before another is
sent. PyMySQL's own `query` does both at once; these are its two halves.
"""

import select
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

NOTHING: Iterator[object] = iter(())
_AT_ONCE = 8
_COM_QUERY = 3  # of the protocol: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query.html


def send(connection: "Connection[Cursor]", statement: bytes) -> None:
    """Send a statement. Nothing else may use the connection until `receive`."""
    connection._execute_command(_COM_QUERY, statement)  # type: ignore[attr-defined]  # not in the stubs


def receive(connection: "Connection[Cursor]", meanwhile: Iterator[object] = NOTHING) -> tuple[tuple[Any, ...], ...]:
    """Wait until the statement that was sent is done. Returns its rows; () if it has none.

    Args:
        connection: has a statement in progress.
        meanwhile: work of the caller, a few items of which are done at a time while there is no answer yet.

    Raises:
        Exception: whatever the server, the connection or the work raises.
    """
    while not _has_answered(connection) and list(islice(meanwhile, _AT_ONCE)):
        pass
    connection._read_query_result()  # type: ignore[attr-defined]  # not in the stubs
    return connection._result.rows or ()  # type: ignore[attr-defined]  # not in the stubs


def _has_answered(connection: "Connection[Cursor]") -> bool:
    """Whether there is something to read. It is no more than a hint: TLS has records of its own."""
    poll = select.poll()
    poll.register(connection._sock, select.POLLIN)  # type: ignore[attr-defined]  # not in the stubs
    return bool(poll.poll(0))


def run_each(
    connection: "Connection[Cursor]", statements: Iterable[bytes], meanwhile: Iterator[object] = NOTHING
) -> None:
    """Run statements one after the other. While the server runs one, the next is taken from the iterable.

    Args:
        connection: has no statement in progress.
        statements: to run.
        meanwhile: as `receive` takes it; done once the next statement has been taken.

    Raises:
        Exception: whatever the server, the connection or an iterable raises. If it was the statements' iterable, no
            statement is in progress any more.
    """
    sent = False
    try:
        for statement in statements:
            if sent:
                sent = False
                receive(connection, meanwhile)
            send(connection, statement)
            sent = True
    finally:
        if sent:
            receive(connection)
