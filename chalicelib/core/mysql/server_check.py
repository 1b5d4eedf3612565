"""Check by trial whether a MySQL server can do what the read model needs.

Versions would not tell: MariaDB, MySQL and Aurora number their releases and set their defaults differently.
"""

from typing import TYPE_CHECKING

from chalicelib.core.mysql.connections import SQL_MODE

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

MIN_PACKET = 16 * 1024 * 1024
_PROBE = "tributary_probe"
_LOCK_SECONDS = 60

# The statements to try, in sequence, and what is missing if one fails.
_TRIALS = (
    (
        f"CREATE TABLE {_PROBE} (id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, version BIGINT"
        " UNSIGNED NOT NULL, name TEXT NOT NULL, at DATETIME(3) NULL, PRIMARY KEY (id))"
        " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci",
        "InnoDB tables in utf8mb4, and the right to create and drop tables",
    ),
    (
        "INSERT INTO tributary_probe (id, version, name) VALUES ('a', 1, 'x') ON DUPLICATE KEY UPDATE"
        " version = IF(VALUES(version) > version, VALUES(version), version)",
        "INSERT ... ON DUPLICATE KEY UPDATE with VALUES()",
    ),
    (
        "WITH few AS (SELECT id FROM tributary_probe) SELECT id, ROW_NUMBER() OVER (ORDER BY id) FROM few",
        "common table expressions and window functions (MySQL 8.0 or MariaDB 10.2 on)",
    ),
    ("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", "transactions at READ COMMITTED"),
    ("START TRANSACTION READ ONLY", "read-only transactions"),
    ("ROLLBACK", "transactions"),
    ("SELECT GET_LOCK('tributary_probe', 0)", "GET_LOCK, for migrations"),
    ("SELECT RELEASE_LOCK('tributary_probe')", "RELEASE_LOCK, for migrations"),
)


def require_supported(connection: "Connection[Cursor]") -> list[str]:
    """The features that the server lacks, a sentence each; empty if it is suitable.

    It creates and drops a table in the connection's database, or in a database of its own if the connection has none.
    The session is left at READ COMMITTED.
    """
    with connection.cursor() as cursor:
        # One check at a time on a server: two would drop each other's table.
        _try(cursor, f"SELECT GET_LOCK('{_PROBE}', {_LOCK_SECONDS})")
        lacking = _lacking(cursor)
        _try(cursor, f"SELECT RELEASE_LOCK('{_PROBE}')")
        return lacking


def _lacking(cursor: "Cursor") -> list[str]:
    cursor.execute("SELECT DATABASE()")
    ((home,),) = cursor.fetchall()
    place = home or f"{_PROBE}_database"
    if fault := _try(cursor, f"CREATE DATABASE IF NOT EXISTS `{place}`" if not home else "DO 0"):
        return [f"The server does not let this user create a database, and the URL names none: {fault}."]
    cursor.execute(f"USE `{place}`")
    _try(cursor, f"DROP TABLE IF EXISTS {_PROBE}")  # of a check that was killed
    lacking = [
        f"The server lacks {need}: {fault}." for statement, need in _TRIALS if (fault := _try(cursor, statement))
    ]
    _try(cursor, f"DROP TABLE IF EXISTS {_PROBE}")
    if not home:
        cursor.execute(f"DROP DATABASE `{place}`")
    return lacking + _settings_faults(cursor)


def _try(cursor: "Cursor", statement: str) -> str:
    """The error of a statement; "" if it works."""
    try:
        cursor.execute(statement)
        cursor.fetchall()
    except Exception as error:
        return str(error)
    return ""


def _settings_faults(cursor: "Cursor") -> list[str]:
    """What is wrong with the server's variables."""
    cursor.execute(
        "SHOW VARIABLES WHERE Variable_name IN ('sql_mode', 'max_allowed_packet', 'log_bin',"
        " 'binlog_format', 'time_zone')"
    )
    values = {name.lower(): value for name, value in cursor.fetchall()}
    faults = []
    if missing := sorted(set(SQL_MODE.split(",")) - set(values["sql_mode"].split(","))):
        faults.append(f"The session's sql_mode lacks {', '.join(missing)}; connect by core/mysql/connections.py.")
    if values["time_zone"] not in ("+00:00", "UTC"):
        faults.append(
            f"The session's time_zone is {values['time_zone']}, not UTC; connect by core/mysql/connections.py."
        )
    if int(values["max_allowed_packet"]) < MIN_PACKET:
        faults.append(f"max_allowed_packet is {values['max_allowed_packet']}; set it to {MIN_PACKET} (16M) or more.")
    if values.get("log_bin") == "ON" and values.get("binlog_format", "ROW") == "STATEMENT":
        faults.append("binlog_format is STATEMENT, which READ COMMITTED does not allow; set it to ROW.")
    return faults
