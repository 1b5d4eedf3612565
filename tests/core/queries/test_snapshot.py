"""A query sees the commits of its tokens, or says that the read model is behind."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any

import pymysql
import pytest

from chalicelib.core.errors import Malformed, ReadModelBehind, Unavailable
from chalicelib.core.mysql.connections import Readers, connect
from chalicelib.core.queries.snapshot import ask, snapshot
from chalicelib.core.tokens import Token
from tests.core.bootstrap import SERVICES
from tests.core.domain.accounts.domain import hold_id
from tests.core.histories import head
from tests.core.queries.world import World
from tests.support.waiting import PATIENT_SECONDS, eventually

pytestmark = pytest.mark.database


def test_a_commit_that_is_there_is_seen_at_once(world: World) -> None:
    """A token of the row's version, or of an older one, needs no wait."""
    world.transfer(version=3)
    for version in (1, 2, 3):
        with world.snapshot(Token("transfers", "tra_1", version)) as cursor:
            assert cursor.execute("SELECT id FROM transfers") == 1
            assert cursor.fetchone() == {"id": "tra_1"}


@pytest.mark.parametrize("wait_seconds", [0, 0.1])
def test_a_commit_that_does_not_come_is_a_503(world: World, wait_seconds: float) -> None:
    """After the wait, the answer says that the read model is behind, and when to try again."""
    world.transfer(version=3)
    with (
        pytest.raises(ReadModelBehind) as caught,
        world.snapshot(Token("transfers", "tra_1", 4), wait_seconds=wait_seconds),
    ):
        pytest.fail("the query must not run")
    assert caught.value.status == 503
    assert caught.value.code == "read-model-behind"
    assert caught.value.headers["Retry-After"] == "1"
    assert f"Consistency-Token within {wait_seconds:g} s." in caught.value.detail


def test_it_waits_until_the_commit_comes(world: World) -> None:
    """A query that began before its change was projected sees it, in its own snapshot."""
    seen = threading.Event()

    def read() -> str:
        with world.snapshot(Token("accounts", "N-9", 2), wait_seconds=60) as cursor:
            seen.set()
            cursor.execute("SELECT name FROM accounts WHERE id = 'N-9'")
            return str(cursor.fetchone()["name"])

    with ThreadPoolExecutor(1) as threads:
        name = threads.submit(read)
        assert not seen.wait(0.1)
        world.account("N-9", 1, name="Before")
        assert not seen.wait(0.1)
        world.account("N-9", 2, name="After")
        assert name.result(PATIENT_SECONDS) == "After"


def test_all_tokens_have_to_be_seen(world: World) -> None:
    """One commit that is missing keeps the query waiting, although the others are there."""
    world.transfer()
    world.account()
    both = Token("transfers", "tra_1", 1), Token("accounts", "A", 1)
    with world.snapshot(*both):
        pass
    with pytest.raises(ReadModelBehind), world.snapshot(*both, Token("accounts", "B", 1)):
        pytest.fail("the query must not run")


def test_a_tombstone_is_a_version_like_others(world: World) -> None:
    """A client that deleted an account can read that it is gone."""
    world.account(version=2, deleted=True)
    with world.snapshot(Token("accounts", "A", 2)):
        pass


def test_what_has_no_row_is_looked_up_in_the_timeline(world: World) -> None:
    """A hold's only trace in the read model is its timeline."""
    world.project("accounts", head(hold_id("tra_1"), 2, {"status": "held"}))
    with world.snapshot(Token("accounts", hold_id("tra_1"), 2)):
        pass
    with pytest.raises(ReadModelBehind), world.snapshot(Token("accounts", hold_id("tra_1"), 3)):
        pytest.fail("the query must not run")


def test_a_token_of_an_unknown_service_is_refused_before_anything_is_read() -> None:
    """It is a 400 even while no database answers."""
    nowhere = Readers("mysql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(Malformed, match="billing"), snapshot(nowhere, [Token("billing", "b", 1)], 10, SERVICES):
        pytest.fail("the query must not run")
    with pytest.raises(Unavailable), snapshot(nowhere, [], 10, SERVICES):
        pytest.fail("the query must not run")


def test_check_and_query_see_one_snapshot(world: World) -> None:
    """A commit after the check is not seen by the query's statements, so they agree with each other."""
    world.transfer()
    with world.snapshot(Token("transfers", "tra_1", 1)) as cursor:
        world.transfer(version=2, status="accepted")
        world.transfer("tra_2")
        cursor.execute("SELECT id, version FROM transfers")
        assert cursor.fetchall() == [{"id": "tra_1", "version": 1}]
    with world.snapshot() as cursor:
        assert cursor.execute("SELECT 1 FROM transfers") == 2


def test_nothing_can_be_written(world: World) -> None:
    """A query that tried to write would be refused here, and by the server with error 1792."""
    with pytest.raises(ValueError, match="a query is a SELECT"), world.snapshot() as cursor:
        cursor.execute("DELETE FROM transfers")
    with pytest.raises(pymysql.err.MySQLError, match="1792"), world.snapshot() as cursor:
        cursor._cursor.execute("DELETE FROM transfers")


def test_the_connection_comes_back_clean(world: World) -> None:
    """After a snapshot, successful or not, its connection is outside any transaction."""
    pool = Readers(world.url, size=1)
    for n in range(2):
        with pytest.raises(pymysql.err.MySQLError), snapshot(pool, [], 0, SERVICES) as cursor:
            cursor.execute("SELECT nothing FROM transfers")
        world.transfer(f"tra_{n}")
        with snapshot(pool, [], 0, SERVICES) as cursor:
            assert cursor.execute("SELECT 1 FROM transfers") == n + 1
    pool.close()


def test_who_waits_holds_no_connection(world: World) -> None:
    """With a single connection, one client's wait for a change does not keep another from reading."""
    pool = Readers(world.url, size=1, wait_seconds=60)
    waiting = threading.Event()

    def wait() -> bool:
        waiting.set()
        with snapshot(pool, [Token("transfers", "tra_1", 1)], 60, SERVICES):
            return True

    with ThreadPoolExecutor(1) as threads:
        waited = threads.submit(wait)
        assert waiting.wait(PATIENT_SECONDS)
        for _ in range(20):
            with snapshot(pool, [], 0, SERVICES) as cursor:
                assert cursor.execute("SELECT 1 FROM transfers") == 0
        world.transfer()
        assert waited.result(PATIENT_SECONDS)
    pool.close()


def test_a_lost_connection_is_a_503(world: World) -> None:
    """A replica that ends during a query causes no internal error."""
    killer = connect(world.url)

    def query(cursor: Any) -> None:
        cursor.execute("SELECT CONNECTION_ID() AS id")
        killer.cursor().execute(f"KILL {cursor.fetchone()['id']}")
        cursor.execute("SELECT 1 FROM transfers")

    with pytest.raises(Unavailable):
        world.ask(query)
    killer.close()


def test_connections_that_were_lost_while_idle(world: World) -> None:
    """After a failover between two queries, the next query is answered, however many connections were idle."""
    pool = Readers(world.url)
    with ExitStack() as lent:
        connections = [lent.enter_context(pool.connection()) for _ in range(3)]
    with connect(world.url) as killer:
        for connection in connections:
            killer.query(f"KILL {connection.thread_id()}")
    assert ask(pool, [], 0, SERVICES, lambda cursor: cursor.execute("SELECT 1")) == 1
    pool.close()


class OftenLost(Readers):
    """Readers whose connections are killed as soon as they are idle."""

    lost = 0

    def _give_back(self, connection: Any, *, broken: bool = False) -> None:
        super()._give_back(connection, broken=broken)
        self.lost += 1
        assert self.lost < 1000, "it looks for ever"
        with connect(self._address) as killer, suppress(pymysql.err.MySQLError):  # which may be gone already
            killer.query(f"KILL {connection.thread_id()}")


def test_the_wait_ends_whatever_is_lost_meanwhile(world: World) -> None:
    """Each pause between two looks loses the connection, but not the time that has passed."""
    pool = OftenLost(world.url)
    with pytest.raises(ReadModelBehind, match=r"within 0\.2 s"):
        ask(pool, [Token("transfers", "tra_1", 1)], 0.2, SERVICES, lambda _: pytest.fail("the query must not run"))
    pool.close()


def test_a_query_that_an_operator_ends(world: World) -> None:
    """It is not run again on another connection, although the first statement of an idle one was ended."""
    world.transfer()
    pool = Readers(world.url)
    with pool.connection() as lent:
        connection: Any = lent
        session = connection.thread_id()
    times: list[bool] = []

    def query(cursor: Any) -> None:
        times.append(True)
        cursor.execute("SELECT SLEEP(60) AS s FROM transfers")

    def end() -> None:
        found = f"SELECT 1 FROM information_schema.processlist WHERE id = {session} AND info LIKE '%SLEEP(60)%'"
        with connect(world.url) as killer:
            assert eventually(lambda: bool(killer.query(found)))
            killer.query(f"KILL QUERY {session}")

    with ThreadPoolExecutor(1) as threads:
        ended = threads.submit(end)
        with pytest.raises(Unavailable):
            ask(pool, [], 0, SERVICES, query, limit_seconds=PATIENT_SECONDS)
        ended.result(PATIENT_SECONDS)
    assert len(times) == 1
    pool.close()


def test_tables_swapped_in_the_middle_of_a_query(world: World, database: str) -> None:
    """If two tables are swapped between the reads of a query, the query is repeated and answers."""
    world.transfer(version=3)
    pool = Readers(database)
    asked: list[bool] = []
    with ThreadPoolExecutor(1) as threads:

        def query(cursor: Any) -> Any:
            cursor.execute("SELECT COUNT(*) AS n FROM transfers")
            if not asked:
                threads.submit(swap, database)
                until_waiting_for_a_table(database)
            asked.append(True)
            cursor.execute("SELECT COUNT(*) AS n FROM accounts")
            cursor.execute("SELECT id FROM transfers")
            return cursor.fetchone()

        assert ask(pool, [Token("transfers", "tra_1", 3)], 0, SERVICES, query) == {"id": "tra_1"}
    assert len(asked) >= 2  # the first time, the server took it for a deadlock
    pool.close()


def swap(url: str) -> None:
    """Swap both tables at once for copies with the same rows, as a rebuild does."""
    connection = connect(url)
    with connection.cursor() as cursor:
        for name in ("accounts", "transfers"):
            cursor.execute(f"CREATE TABLE {name}__next LIKE {name}")
            cursor.execute(f"INSERT INTO {name}__next SELECT * FROM {name}")
        cursor.execute(
            "RENAME TABLE accounts TO accounts__old, accounts__next TO accounts,"
            " transfers TO transfers__old, transfers__next TO transfers"
        )
        cursor.execute("DROP TABLE accounts__old, transfers__old")
    connection.close()


def until_waiting_for_a_table(url: str) -> None:
    """Wait until a statement waits for a table that a transaction has read."""
    connection = connect(url)
    deadline = time.monotonic() + PATIENT_SECONDS
    with connection.cursor() as cursor:
        while not cursor.execute(
            "SELECT 1 FROM information_schema.processlist WHERE state = 'Waiting for table metadata lock'"
        ):
            assert time.monotonic() < deadline, "nobody ever waited for a table"
            time.sleep(0.02)
    connection.close()
