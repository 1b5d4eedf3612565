"""Every query has a limit that the server itself enforces."""

import time
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.core.errors import TooCostly
from chalicelib.core.http.endpoint import QueryEndpoint
from chalicelib.core.mysql.connections import Readers, connect
from chalicelib.core.queries.limit import LimitedCursor, with_limit
from chalicelib.core.queries.snapshot import snapshot
from chalicelib.core.tokens import Token
from tests.core.bootstrap import SERVICES
from tests.core.queries.limits import check_limits, queries_of, running, seconds_of
from tests.core.queries.world import World
from tests.support.domain import NEUTRAL
from tests.support.waiting import eventually

# Endless rows from no table: every server checks between rows whether it should stop.
_TEN = "(SELECT 0 AS d UNION ALL " + " UNION ALL ".join(f"SELECT {n}" for n in range(1, 10)) + ")"
ENDLESS = "SELECT COUNT(*) AS n FROM " + ", ".join(f"{_TEN} t{n}" for n in range(14))


@pytest.mark.database
def test_the_server_ends_what_takes_too_long(world: World) -> None:
    """The answer is 422 too-costly, and afterwards nothing of ours runs in the server."""
    with pytest.raises(TooCostly) as caught, snapshot(world.pool, [], 0, SERVICES, limit_seconds=0.2) as cursor:
        cursor.execute(ENDLESS)
    assert (caught.value.status, caught.value.code) == (422, "too-costly")
    assert "0.2 s" in caught.value.detail
    assert eventually(lambda: running(world.url) == [])


@pytest.mark.database
def test_a_check_of_a_token_is_limited_too(world: World) -> None:
    """The check is limited too: here, the table of the tokens' service is a view of endless rows."""
    with connect(world.url) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE VIEW endless AS SELECT 'A' AS id, 1 AS version FROM ({ENDLESS}) t WHERE t.n > 0")
    accounts = SERVICES["accounts"]
    root = replace(accounts.projection.root, name="endless")
    endless = replace(accounts, projection=replace(accounts.projection, root=root))
    try:
        with pytest.raises(TooCostly):
            snapshot(world.pool, [Token("accounts", "A", 1)], 0, {"accounts": endless}, 0.2).__enter__()
    finally:
        with connect(world.url) as connection, connection.cursor() as cursor:
            cursor.execute("DROP VIEW endless")
    assert eventually(lambda: running(world.url) == [])


@pytest.mark.database
def test_the_connection_can_be_used_again(world: World) -> None:
    """The limit applies to the statement, not to the session, so the same connection answers the next query."""
    pool = Readers(world.url, size=1)
    with pytest.raises(TooCostly), snapshot(pool, [], 0, SERVICES, limit_seconds=0.1) as cursor:
        cursor.execute(ENDLESS)
    with snapshot(pool, [], 0, SERVICES) as cursor:
        assert cursor.execute("SELECT SLEEP(0.2)") == 1
    pool.close()


@pytest.mark.database
@pytest.mark.parametrize("endpoint", queries_of(NEUTRAL), ids=lambda endpoint: endpoint.name)
def test_every_statement_of_every_query_route_is_limited(world: World, endpoint: QueryEndpoint) -> None:
    """All statements between the transaction's begin and its end are limited, including the token's check."""
    world.account("N-1")
    world.transfer("tra_01JD2Q8N3XW7GK5T0V9M4R6B1C")
    check_limits(world.url, NEUTRAL, endpoint, Token("accounts", "N-1", 1))


def test_the_limit_is_of_all_statements_together() -> None:
    """The time of the first statements is missing for the next. If none is left, the server is not even asked."""
    inner = Slow()
    cursor = LimitedCursor(inner, 0.05)  # type: ignore[arg-type]
    with pytest.raises(TooCostly):
        asked_for_ever(cursor)
    limits = [limit for statement in inner.statements if (limit := seconds_of(statement))]
    assert len(limits) == len(inner.statements) > 1
    assert limits == sorted(limits, reverse=True)
    asked = len(inner.statements)
    with pytest.raises(TooCostly):
        cursor.execute("SELECT 1")
    assert len(inner.statements) == asked


@pytest.mark.parametrize(
    "statement", ["DELETE FROM accounts", "(SELECT 1)", "SELECTED", "WITH t AS (SELECT 1) SELECT * FROM t", ""]
)
def test_only_a_select_can_be_limited(statement: str) -> None:
    """Any other statement is our mistake, and is not sent."""
    with pytest.raises(ValueError, match="a query is a SELECT"):
        with_limit(statement, 1, mariadb=True)


def test_a_limit_is_never_none() -> None:
    """Both servers take 0 for "no limit"."""
    assert seconds_of(with_limit("\n  SELECT DISTINCT 1", 0.000001, mariadb=True)) == 0.001
    assert seconds_of(with_limit("\n  SELECT DISTINCT 1", 0.000001, mariadb=False)) == 0.001


def test_there_is_no_way_round() -> None:
    """A query gets nothing that could send a statement, except `execute`."""
    assert {name for name in dir(LimitedCursor) if not name.startswith("_")} == {"execute", "fetchone", "fetchall"}


@pytest.mark.parametrize(("version", "believed"), [("10.11.6-MariaDB", False), ("8.0.42", True)])
def test_what_came_too_late(version: str, believed: bool) -> None:
    """MariaDB may end a statement in a subquery, put NULL in its place and report success, which is not believed."""
    cursor = LimitedCursor(Slow(version), 0.005)  # type: ignore[arg-type]
    if believed:
        assert cursor.execute("SELECT 1") == 0
    else:
        with pytest.raises(TooCostly):
            cursor.execute("SELECT 1")


def asked_for_ever(cursor: LimitedCursor) -> None:
    """Run statements until one raises."""
    while True:
        cursor.execute("SELECT 1")


class Slow:
    """A cursor whose statements take a while."""

    def __init__(self, version: str = "8.0.42") -> None:
        self._version = version
        self.statements: list[str] = []
        self.connection = self

    def get_server_info(self) -> str:
        """Return the server's version, which names its kind."""
        return self._version

    def execute(self, statement: str, _values: Any) -> int:
        """Wait, then run the statement."""
        self.statements.append(statement)
        time.sleep(0.01)
        return 0
