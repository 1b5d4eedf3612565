"""The new tables beside those in use: create, announce, swap and drop them."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chalicelib.core.mysql.connections import error_code
from chalicelib.core.projector import sql
from chalicelib.core.projector.generations import NEXT, InUse, in_use
from chalicelib.core.service import Service
from ops.failing import OpsError

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

OLD = "__old"
GENERATIONS = "generations"
_KEY = re.compile(r"^\s*(KEY (`\S+`) .*?),?$", re.MULTILINE)
_NOT_NOW = frozenset({1205, 1213})  # lock wait time-out, deadlock
_THERE_MEANWHILE = 1061  # the server has ended the statement of a rebuild that was killed while it waited for it
_TOO_MUCH_MEANWHILE = 1799  # innodb_online_alter_log_max_size


def may_change(connection: "Connection[Cursor]") -> None:
    """Make the server refuse a user who may not change tables (error 1142), before any work is done.

    Otherwise the functions' own user could run the scan for hours, and would then be refused at the swap.
    """
    execute(connection, f"DROP TABLE IF EXISTS {GENERATIONS}{NEXT}")  # there only while `swap` makes it


def building(connection: "Connection[Cursor]") -> list[str]:
    """The services whose tables are being built."""
    return [name for (name,) in fetch_all(connection, f"SELECT service FROM {GENERATIONS} WHERE building IS NOT NULL")]


def is_swapped(connection: "Connection[Cursor]") -> bool:
    """Whether a rebuild has swapped its tables and not yet cleaned up."""
    return fetch_one(connection, f"SHOW TABLES LIKE '{GENERATIONS}\\_\\_old'") is not None


def begin(
    connection: "Connection[Cursor]", services: Sequence[Service], segments: int, expected: Mapping[str, Any]
) -> None:
    """Create the new tables, and make the projector write them from now on.

    The exclusive lock of the control rows waits for every transaction that has read their earlier values.
    """
    for service in services:
        for table in service.projection.tables:
            execute(connection, f"DROP TABLE IF EXISTS {table.name}{NEXT}")
            execute(connection, f"CREATE TABLE {table.name}{NEXT} LIKE {table.name}")
            _alter(connection, f"{table.name}{NEXT}", [f"DROP KEY {name}" for name in _keys(connection, table.name)])
        execute(connection, f"DELETE FROM rebuilds WHERE service = {sql.literal(service.name)}")
        total = sql.literal(expected.get(service.name))
        for segment in range(segments):
            execute(
                connection,
                "INSERT INTO rebuilds (service, segment, segments, position, finished, items, expected, started_at,"
                f" updated_at) VALUES ({sql.literal(service.name)}, {segment}, {segments}, NULL, 0, 0, {total},"
                " UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))",
            )
    for service in services:
        execute(connection, "START TRANSACTION")
        in_use(connection, service)  # makes the row where there is none
        execute(connection, "COMMIT")
    names = sql.in_list(service.name for service in services)
    cases = " ".join(f"WHEN {sql.literal(each.name)} THEN {each.projection.generation}" for each in services)
    execute(connection, f"UPDATE {GENERATIONS} SET building = CASE service {cases} END WHERE service IN {names}")


def add_keys(connection: "Connection[Cursor]", table: str) -> None:
    """Add the secondary keys that a new table lacks, in one statement, while the projector goes on writing it.

    Without secondary keys, rows are written faster, and as fast at the end of a scan as at its beginning. The server
    sorts the entries of a key once, where it would otherwise look for the place of each.

    Raises:
        OpsError: open transactions kept the statement waiting, or too much was written while it ran.
    """
    execute(connection, "SET SESSION lock_wait_timeout = 60")  # for the open transactions; later ones wait for this
    try:
        while lacking := _lacking_keys(connection, table):
            try:
                _alter(connection, f"{table}{NEXT}", [f"ADD {definition}" for definition in lacking])
            except Exception as error:
                if error_code(error) != _THERE_MEANWHILE:
                    raise
    except Exception as error:
        if error_code(error) not in _NOT_NOW | {_TOO_MUCH_MEANWHILE}:
            raise
        raise OpsError(
            f"The indexes of {table}{NEXT} could not be added: {error}",
            "The old tables stay in use. `python -m ops rebuild --resume` continues it, --abandon drops it.",
        ) from error


def _lacking_keys(connection: "Connection[Cursor]", table: str) -> list[str]:
    there = _keys(connection, f"{table}{NEXT}")
    return [definition for name, definition in _keys(connection, table).items() if name not in there]


def _keys(connection: "Connection[Cursor]", table: str) -> dict[str, str]:
    """The definitions of a table's secondary keys, by their quoted names. Read tables have no unique ones."""
    _, created = fetch_one(connection, f"SHOW CREATE TABLE {table}")
    return {found[2]: found[1] for found in _KEY.finditer(created)}


def _alter(connection: "Connection[Cursor]", table: str, changes: Sequence[str]) -> None:
    """Change a table's keys. The server refuses rather than keep writers waiting meanwhile."""
    if changes:
        execute(connection, f"ALTER TABLE {table} {', '.join(changes)}, ALGORITHM=INPLACE, LOCK=NONE")


def abandon(connection: "Connection[Cursor]", services: Sequence[Service]) -> None:
    """Make the projector write only the tables in use, and drop the new ones."""
    names = sql.in_list(service.name for service in services)
    execute(connection, f"UPDATE {GENERATIONS} SET building = NULL WHERE service IN {names}")
    for service in services:
        for table in service.projection.tables:
            execute(connection, f"DROP TABLE IF EXISTS {table.name}{NEXT}")
    execute(connection, f"DELETE FROM rebuilds WHERE service IN {names}")


def swap(connection: "Connection[Cursor]", services: Sequence[Service]) -> bool:
    """Put all new tables into use in one statement. Returns whether it got its locks in time.

    The statement waits for open transactions, and later transactions wait for the statement, so it gives up soon.
    """
    names = sql.in_list(service.name for service in services)
    execute(connection, f"DROP TABLE IF EXISTS {GENERATIONS}{NEXT}")
    execute(connection, f"CREATE TABLE {GENERATIONS}{NEXT} LIKE {GENERATIONS}")
    execute(
        connection,
        f"INSERT INTO {GENERATIONS}{NEXT} (service, live, building, erased) SELECT service,"
        f" IF(service IN {names}, building, live), IF(service IN {names}, NULL, building), erased FROM {GENERATIONS}",
    )
    tables = [table.name for service in services for table in service.projection.tables] + [GENERATIONS]
    for name in tables:
        execute(connection, f"DROP TABLE IF EXISTS {name}{OLD}")
    execute(connection, "SET SESSION lock_wait_timeout = 2")
    try:
        moves = ", ".join(f"{name} TO {name}{OLD}, {name}{NEXT} TO {name}" for name in tables)
        execute(connection, f"RENAME TABLE {moves}")
    except Exception as error:
        if error_code(error) not in _NOT_NOW:
            raise
        return False
    finally:
        execute(connection, "SET SESSION lock_wait_timeout = 60")
    _mark_erased(connection)
    return True


def _mark_erased(connection: "Connection[Cursor]") -> None:
    """Mark services as having erasures, also where `ops erase` marked the table that was just renamed away."""
    execute(connection, f"UPDATE {GENERATIONS} SET erased = 1 WHERE service IN (SELECT service FROM erasures)")


def clean_up(connection: "Connection[Cursor]") -> None:
    """Drop the old tables of a swap, and last the table that shows that they exist."""
    _mark_erased(connection)  # the swap may have been killed before it did
    found = [name for (name,) in fetch_all(connection, "SHOW TABLES LIKE '%\\_\\_old'")]
    for name in sorted(found, key=lambda name: name == f"{GENERATIONS}{OLD}"):
        if name == f"{GENERATIONS}{OLD}":
            execute(connection, "DELETE FROM rebuilds")
        execute(connection, f"DROP TABLE {name}")


def beside(connection: "Connection[Cursor]", service: Service) -> InUse:
    """The targets of a transaction that writes only the new tables. The control row is locked as usual.

    Raises:
        OpsError: the tables are no longer being built.
    """
    found = in_use(connection, service)
    if not found.projections[1:]:
        raise OpsError(
            f"The rebuild of {service.name} was abandoned or swapped by somebody else.",
            "`python -m ops status` shows whether one goes on; if not, start it again.",
        )
    return found._replace(projections=found.projections[1:])


class Progress:
    """The progress of the scan of one segment, stored in the read model."""

    def __init__(self, service: str, segment: int, segments: int, position: Mapping[str, Any] | None) -> None:
        self._chosen = f"WHERE service = {sql.literal(service)} AND segment = {segment}"
        self.segment = segment
        self.segments = segments
        self.position = position

    def note(self, connection: "Connection[Cursor]", items: int, position: Mapping[str, Any] | None) -> None:
        """Add to the number of finished items, and store the next position; None if the segment is done."""
        at = sql.literal(json.dumps(position) if position else None)
        execute(
            connection,
            f"UPDATE rebuilds SET items = items + {items}, position = {at}, finished = {int(position is None)},"
            f" updated_at = UTC_TIMESTAMP(3) {self._chosen}",
        )


def unfinished(connection: "Connection[Cursor]", service: str) -> list[Progress]:
    """The segments whose scan is not finished.

    Time in which no rebuild ran is subtracted, so that the rate and the estimated end stay right.
    """
    chosen = f"WHERE service = {sql.literal(service)}"
    (idle,) = fetch_one(
        connection, f"SELECT TIMESTAMPDIFF(MICROSECOND, MAX(updated_at), UTC_TIMESTAMP(3)) FROM rebuilds {chosen}"
    ) or (0,)
    execute(
        connection,
        f"UPDATE rebuilds SET started_at = started_at + INTERVAL {idle or 0} MICROSECOND,"
        f" updated_at = UTC_TIMESTAMP(3) {chosen}",
    )
    rows = fetch_all(connection, f"SELECT segment, segments, position FROM rebuilds {chosen} AND finished = 0")
    return [Progress(service, row[0], row[1], json.loads(row[2]) if row[2] else None) for row in rows]


def execute(connection: "Connection[Cursor]", statement: str) -> None:
    """Run a statement and ignore its result."""
    connection.query(statement)


def fetch_one(connection: "Connection[Cursor]", statement: str) -> Any:
    """The first row, or None."""
    rows = fetch_all(connection, statement)
    return rows[0] if rows else None


def fetch_all(connection: "Connection[Cursor]", statement: str) -> Sequence[Any]:
    """All rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows: Sequence[Any] = cursor.fetchall()
        return rows
