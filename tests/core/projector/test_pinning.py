"""A session through RDS Proxy shares its connection: nothing that we send pins it, except large statements."""

import pytest

from chalicelib.core.mysql.connections import LOCK_WAIT_SECONDS, Pool, connect
from chalicelib.core.queries.snapshot import snapshot
from chalicelib.core.tokens import Token
from tests.core.bootstrap import SERVICES
from tests.core.queries.world import World
from tests.support.pinning import LARGEST, listening, why_pinned


def server_waits(url: str) -> int:
    """The seconds for which the server's sessions wait for a lock by default."""
    connection = connect(url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@GLOBAL.innodb_lock_wait_timeout")
        (seconds,) = cursor.fetchone()
    connection.close()
    return int(seconds)


@pytest.mark.database
def test_no_statement_pins(database: str) -> None:
    """This covers everything that projector and queries send, on a server that is configured as Aurora is."""
    with listening(database) as (url, heard):
        world = World(url)
        world.account("N-1")
        with snapshot(world.pool, [Token("accounts", "N-1", 1)], 0, SERVICES) as cursor:
            cursor.execute("SELECT 1 AS marked")
        world.close()
    assert any("INSERT" in statement for statement in heard)
    assert any("AS marked" in statement for statement in heard)
    expected = set() if server_waits(database) <= LOCK_WAIT_SECONDS else {"the variable innodb_lock_wait_timeout"}
    assert {why for statement in heard if (why := why_pinned(statement))} == expected


@pytest.mark.database
def test_a_connection_of_the_pool_is_not_pinned(database: str) -> None:
    """Neither the set-up of a connection nor the check that it still answers pins it."""
    with listening(database) as (url, heard):
        pool = Pool(url, size=1)
        for _ in range(2):
            with pool.connection():
                pass
        pool.close()
    assert heard
    assert [why for statement in heard if (why := why_pinned(statement))] == []


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("SET SESSION innodb_lock_wait_timeout = 5", "the variable innodb_lock_wait_timeout"),
        ("SET SESSION sql_mode = 'A,B', SESSION max_execution_time = 5", "the variable max_execution_time"),
        ("SET @total = 1", "the variable @total"),
        ("SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "an isolation level of the next transaction alone"),
        ("/*M!100100 SET STATEMENT max_statement_time=2.0 FOR */ SELECT 1", "a comment that is executed"),
        ("SELECT GET_LOCK('a', 1)", "a named lock"),
        ("CREATE TEMPORARY TABLE t (id INT)", "a temporary table"),
        (f"SELECT '{'x' * LARGEST}'", "over 16 KB"),
    ],
)
def test_what_pins(statement: str, reason: str) -> None:
    """These statements pin, by AWS's documentation."""
    assert why_pinned(statement) == reason


@pytest.mark.parametrize(
    "statement",
    [
        "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE', SESSION time_zone = '+00:00'",
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci",
        "SET AUTOCOMMIT = 1",
        "SELECT /*+ MAX_EXECUTION_TIME(2000) */ 1",
        "START TRANSACTION READ ONLY",
        "SELECT '/*! @a := GET_LOCK(1) */'",
    ],
)
def test_what_does_not_pin(statement: str) -> None:
    """The proxy tracks these statements, or the words are in the text of a value."""
    assert why_pinned(statement) == ""
