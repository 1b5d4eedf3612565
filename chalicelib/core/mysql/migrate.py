"""Apply the numbered .sql files of one or more sets of migrations, each once, in order.

The engine's tables are the set CORE. The composition root adds the services' sets. Each set has its own numbers, so
that a newer engine can add a migration, whatever number the services have reached.

MySQL commits at every DDL statement, so a migration cannot be rolled back. Instead, the number of completed statements
is stored. A migration that failed half-way continues, when run again, at the statement that failed. That statement and
those after it may be corrected in between.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.core.mysql.connections import connect, error_code, is_lost, parse_url
from chalicelib.core.mysql.migration_sets import MigrationSet
from chalicelib.core.telemetry import log

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

_STATEMENT_SECONDS = 3600
_UNKNOWN_DATABASE, _UNKNOWN_COLUMN = 1049, 1054
# "Already there" or "already gone": 1050 table exists, 1051 unknown table, 1060 column exists, 1061 key exists,
# 1091 cannot drop. If the statement was cut off before it could be counted, these errors mean that it succeeded.
_DONE_ALREADY = frozenset({1050, 1051, 1060, 1061, 1091})
_TABLE = """CREATE TABLE IF NOT EXISTS schema_migrations (
  set_name   VARCHAR(64) NOT NULL,
  number     INT         NOT NULL,
  name       VARCHAR(200) NOT NULL,
  checksum   CHAR(64)    NOT NULL,
  statements INT         NOT NULL,
  started    INT         NOT NULL,
  applied_at DATETIME(3) NULL,
  PRIMARY KEY (set_name, number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"""
_OF_ONE = "WHERE set_name = %s AND number = %s"
_TOKEN = re.compile(
    r"""'(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `[^`]*`   # quoted: kept
      | (?P<comment> --(?=\s|\Z)[^\n]* | \#[^\n]* | /\*(?!!).*?\*/ )
      | (?P<end> ; )
      | [^'"`;\-#/]+ | .""",
    re.VERBOSE | re.DOTALL,
)


class MigrationFailed(Exception):
    """A migration cannot be applied. The message says which, why, and what to do next."""


class Migration(NamedTuple):
    """One .sql file: `<number>_<name>.sql`.

    Attributes:
        set_name: the name of its set.
        number: its number within the set.
        name: the file's name without ".sql", such as "0002_add_column".
        statements: the file's statements, without comments.
    """

    set_name: str
    number: int
    name: str
    statements: tuple[str, ...]

    @property
    def title(self) -> str:
        """Set and name, such as "core/0002_add_column"."""
        return f"{self.set_name}/{self.name}"

    def checksum(self, count: int | None = None) -> str:
        """SHA-256 of the first statements. Comments, and blanks around a statement, do not count."""
        return hashlib.sha256(";\n".join(self.statements[:count]).encode()).hexdigest()


class _Applied(NamedTuple):
    """The progress of a migration, as stored in schema_migrations."""

    checksum: str
    statements: int
    started: int
    finished: bool


def migrate(url: str, sets: Sequence[MigrationSet], *, wait_seconds: int = 60) -> list[str]:
    """Apply all migrations that are not applied yet. Create the database if it does not exist.

    Args:
        url: the database's URL, with a user who may create and alter tables.
        sets: the migrations, applied set by set in this sequence.
        wait_seconds: how long to wait while another runner holds the lock.

    Returns:
        The titles of the migrations applied now, such as "core/0001_engine", in sequence.

    Raises:
        MigrationFailed: a file was changed after it was applied, a statement failed, another runner holds the lock, or
            the database was made by version 0.1.0.
    """
    migrations = [migration for each in sets for migration in read_migrations(each)]
    connection = _connected(url)
    try:
        with _locked(connection, wait_seconds), connection.cursor() as cursor:
            applied = _applied(cursor)
            for migration in migrations:
                _compare(migration, applied.get(_key(migration)))
            return [
                migration.title for migration in migrations if _apply(cursor, migration, applied.get(_key(migration)))
            ]
    finally:
        connection.close()


def read_migrations(of: MigrationSet) -> list[Migration]:
    """The migrations of a set, by number.

    Raises:
        MigrationFailed: the folder is not there, a file's name is not `<number>_<name>.sql`, or two have the same
            number.
    """
    if not of.directory.is_dir():
        raise MigrationFailed(f"The migrations {of.name!r} are not there: {of.directory} is no folder.")
    found: dict[int, Migration] = {}
    for path in sorted(of.directory.glob("*.sql")):
        match = re.fullmatch(r"(\d+)_\w+", path.stem)
        if not match:
            raise MigrationFailed(f"{of.name}/{path.name}: a migration is named like 0002_add_column.sql.")
        number = int(match[1])
        if number in found:
            raise MigrationFailed(
                f"{of.name}/{path.name} and {found[number].name}.sql have the same number; give one the next."
            )
        statements = tuple(split(path.read_text(encoding="utf-8")))
        found[number] = Migration(of.name, number, path.stem, statements)
    return [found[number] for number in sorted(found)]


def split(text: str) -> Iterator[str]:
    """The statements of an SQL text, without comments. A `;` in a quoted string does not end a statement."""
    statement = ""
    for token in _TOKEN.finditer(text):
        if token["end"]:
            if statement.strip():
                yield statement.strip()
            statement = ""
        else:
            statement += " " if token["comment"] else token[0]
    if statement.strip():
        yield statement.strip()


def _connected(url: str) -> "Connection[Cursor]":
    """A connection to the database, which is created if it does not exist."""
    address = parse_url(url)
    if not address.database:
        raise MigrationFailed("The database URL names no database; end it with /tributary or another name.")
    try:
        return connect(address, read_timeout=_STATEMENT_SECONDS)
    except Exception as error:
        if error_code(error) != _UNKNOWN_DATABASE:
            raise
    name = address.database.replace("`", "``")
    server = connect(address.without_database(), read_timeout=_STATEMENT_SECONDS)
    try:
        with server.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
    except Exception as error:
        raise MigrationFailed(
            f"The database {address.database!r} does not exist and cannot be created: {error}."
            " Create it, or give the user the right to."
        ) from error
    finally:
        server.close()
    return connect(address, read_timeout=_STATEMENT_SECONDS)


@contextmanager
def _locked(connection: "Connection[Cursor]", wait_seconds: int) -> Iterator[None]:
    """Hold the server's lock for migrations of this database. It ends with the session at the latest."""
    with connection.cursor() as cursor:
        # A lock's name has at most 64 characters and counts for the whole server: use a digest of the database's name.
        cursor.execute("SELECT CONCAT('tributary-migrate-', LEFT(SHA2(DATABASE(), 256), 32))")
        ((name,),) = cursor.fetchall()
        cursor.execute("SELECT GET_LOCK(%s, %s)", (name, wait_seconds))
        if cursor.fetchone() != (1,):
            raise MigrationFailed(
                f"Another runner has been migrating this database for {wait_seconds} s. Wait for it and run again."
            )
        try:
            yield
        finally:
            cursor.execute("DO RELEASE_LOCK(%s)", (name,))


def _key(migration: Migration) -> tuple[str, int]:
    return migration.set_name, migration.number


def _applied(cursor: "Cursor") -> dict[tuple[str, int], _Applied]:
    """The progress of each migration, by set and number. Creates the table for it if needed."""
    cursor.execute(_TABLE)
    try:
        cursor.execute(
            "SELECT set_name, number, checksum, statements, started, applied_at IS NOT NULL FROM schema_migrations"
        )
    except Exception as error:
        if error_code(error) != _UNKNOWN_COLUMN:
            raise
        raise MigrationFailed(
            "This database was made by Tributary 0.1.0, whose tables this version cannot take over. On a local stack"
            " stop it and run `make reset`, which empties it. Elsewhere give DATABASE_URL the name of a new database,"
            " migrate, and run `python -m ops verify --repair`, which fills it from the write model."
        ) from error
    return {(row[0], row[1]): _Applied(row[2], row[3], row[4], bool(row[5])) for row in cursor.fetchall()}


def _compare(migration: Migration, applied: _Applied | None) -> None:
    """Check that the applied statements are still those of the file."""
    if applied is None:
        return
    if (
        applied.finished
        and applied.checksum == migration.checksum()
        and applied.statements == len(migration.statements)
    ):
        return
    if not applied.finished and applied.checksum == migration.checksum(applied.statements):
        return
    raise MigrationFailed(
        f"{migration.title}.sql was changed after it was applied"
        + ("" if applied.finished else f" (its first {applied.statements} statements)")
        + ". Put it back as it was, and make the change in a new migration."
    )


def _apply(cursor: "Cursor", migration: Migration, applied: _Applied | None) -> bool:
    """Run the statements that are not done yet. Returns whether there were any."""
    if applied and applied.finished:
        return False
    done = applied.statements if applied else 0
    cut_off = applied is not None and applied.started > done
    cursor.execute(
        "INSERT INTO schema_migrations (set_name, number, name, checksum, statements, started)"
        " VALUES (%s, %s, %s, %s, 0, 0) ON DUPLICATE KEY UPDATE name = VALUES(name)",
        (*_key(migration), migration.name, migration.checksum(0)),
    )
    for index in range(done, len(migration.statements)):
        _run(cursor, migration, index, forgiving=cut_off and index == done)
    cursor.execute(
        f"UPDATE schema_migrations SET applied_at = UTC_TIMESTAMP(3) {_OF_ONE}",  # noqa: S608  (a constant)
        _key(migration),
    )
    log.info("migration applied", migration=migration.title, statements=len(migration.statements))
    return True


def _run(cursor: "Cursor", migration: Migration, index: int, *, forgiving: bool) -> None:
    """Run one statement and count it.

    It is counted as started before, and as done after. So a statement whose end was not seen can be told from one that
    failed: "already exists" means success only for the former.
    """
    mark = f"UPDATE schema_migrations SET started = %s {_OF_ONE}"  # noqa: S608  (a constant)
    cursor.execute(mark, (index + 1, *_key(migration)))
    try:
        cursor.execute(migration.statements[index])
    except Exception as error:
        if not (forgiving and error_code(error) in _DONE_ALREADY):
            if not is_lost(error):
                cursor.execute(mark, (index, *_key(migration)))
            raise MigrationFailed(
                f"{migration.title}.sql, statement {index + 1} of {len(migration.statements)}: {error}. The statements"
                f" before it are applied and stay; correct it and run again. It begins:"
                f" {migration.statements[index][:120]!r}"
            ) from error
    cursor.execute(
        f"UPDATE schema_migrations SET statements = %s, checksum = %s {_OF_ONE}",  # noqa: S608  (a constant)
        (index + 1, migration.checksum(index + 1), *_key(migration)),
    )
