"""Check that all tables of the read model exist and can be read. A file of the server may be missing or damaged."""

import re
from collections.abc import Sequence

from pymysql import MySQLError

from chalicelib.core.mysql.connections import connect
from chalicelib.core.mysql.migrate import read_migrations
from chalicelib.core.mysql.migration_sets import MigrationSet

_MADE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?`?(\w+)", re.IGNORECASE)
_DROPPED = re.compile(r"DROP TABLE (?:IF EXISTS )?`?(\w+)", re.IGNORECASE)
_RENAMED = re.compile(r"(?:RENAME TABLE `?(\w+)`? TO|ALTER TABLE `?(\w+)`? RENAME(?: TO)?) `?(\w+)", re.IGNORECASE)


def tables(sets: Sequence[MigrationSet]) -> list[str]:
    """The names of all tables that exist once all migrations are applied, sorted."""
    names: set[str] = set()
    for migration in (migration for each in sets for migration in read_migrations(each)):
        for statement in migration.statements:
            if made := _MADE.match(statement):
                names.add(made[1])
            elif dropped := _DROPPED.match(statement):
                names.discard(dropped[1])
            elif renamed := _RENAMED.match(statement):
                names.discard(renamed[1] or renamed[2])
                names.add(renamed[3])
    return sorted(names)


def unusable(url: str, names: Sequence[str]) -> list[str]:
    """The tables that cannot be read, each with the server's error.

    Raises:
        MySQLError: the server ended, as it may when it finds damaged data.
    """
    faults = []
    connection = connect(url)
    try:
        with connection.cursor() as cursor:
            for name in names:
                try:
                    cursor.execute(f"SELECT 1 FROM `{name}` LIMIT 1")
                except MySQLError as error:
                    connection.ping(reconnect=False)
                    faults.append(f"{name} ({error.args[-1]})")
    finally:
        connection.close()
    return faults
