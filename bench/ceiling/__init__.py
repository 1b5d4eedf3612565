"""The time that the server alone takes: the projector's recorded statements, replayed without other work between them.

statements.json.xz has the statements that the projector of 2026-11-26 sent for the records of ORDERS orders in batches
of BATCH (bench/workload.py), and its tables. So a later ceiling can be compared with that one in one run.
"""

import json
import lzma
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.core.mysql.connections import connect

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

Statements = Sequence[bytes]
ORDERS, BATCH = 2000, 1000
_KEPT = Path(__file__).parent / "statements.json.xz"


class Recorder:
    """A connection that records every statement."""

    def __init__(self, url: str) -> None:
        self.real: Any = connect(url)
        self.statements: list[bytes] = []

    def query(self, statement: str | bytes) -> Any:
        """Record the statement, then run it."""
        self.statements.append(statement if isinstance(statement, bytes) else statement.encode())
        return self.real.query(statement)

    def _execute_command(self, command: int, statement: bytes) -> None:
        """Record and run a statement whose answer is read later."""
        self.statements.append(statement)
        self.real._execute_command(command, statement)

    def cursor(self) -> Any:
        """Return a cursor whose statements are recorded as well."""
        return self.real.cursorclass(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def replay(connection: "Connection[Cursor]", statements: Statements) -> None:
    """Run the statements, one after the other."""
    for statement in statements:
        connection.query(statement)


def kept() -> tuple[list[str], Statements]:
    """Return the tables of 2026-11-26, as CREATE TABLE statements, and the statements of that day's projector."""
    document = json.loads(lzma.decompress(_KEPT.read_bytes()))
    return document["tables"], [statement.encode() for statement in document["statements"]]


def keep(connection: "Connection[Cursor]", tables: Iterable[str], statements: Statements) -> None:
    """Write the file from a read model's tables and a projector's statements."""
    created = []
    with connection.cursor() as cursor:
        for name in tables:
            cursor.execute(f"SHOW CREATE TABLE {name}")
            created.append(cursor.fetchall()[0][1])
    document = {"tables": created, "statements": [statement.decode() for statement in statements]}
    _KEPT.write_bytes(lzma.compress(json.dumps(document).encode(), preset=9 | lzma.PRESET_EXTREME))
