"""Database URLs, sessions, the pool, and the check of the server."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pymysql
import pytest
from pymysql.constants import COMMAND

from chalicelib.core.errors import Unavailable
from chalicelib.core.mysql.connections import Address, BadDatabaseUrl, LostWhileIdle, Pool, Readers, connect, parse_url
from chalicelib.core.mysql.server_check import require_supported
from local.ports import free_port
from tests.core.reading import query
from tests.support.waiting import PATIENT_SECONDS, eventually


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mysql://ann@db/tributary", Address("ann", "", "db", 3306, "tributary")),
        ("mysql://a%40b:p%2Fw%C3%A9:x@db:3307/my%20base", Address("a@b", "p/wé:x", "db", 3307, "my base")),
        ("mysql://ann:pw@[::1]:3307/", Address("ann", "pw", "::1", 3307, "")),
        ("mysql://ann@db", Address("ann", "", "db", 3306, "")),
        ("mysql://ann@db/t?ssl-ca=/etc/rds.pem", Address("ann", "", "db", 3306, "t", ssl_ca="/etc/rds.pem")),
        ("mysql://ann@localhost/t?unix_socket=%2Frun%2Fs", Address("ann", "", "localhost", 3306, "t", "", "/run/s")),
    ],
)
def test_urls(url: str, address: Address) -> None:
    """A URL has all parts, percent-encoded where needed."""
    assert parse_url(url) == address


def test_a_password_is_not_shown() -> None:
    """A traceback that shows an address shows no password, whether Python or rich prints it."""
    address = parse_url("mysql://ann:hunter2@db/tributary")
    for shown in (repr(address), str(list(address.__rich_repr__()))):
        assert "ann" in shown
        assert "hunter2" not in shown


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "mysql://user:password@host:port/database"),
        ("postgres://ann:secret@db/t", "mysql://user:password@host:port/database"),
        ("mysql:///t", "mysql://user:password@host:port/database"),
        ("mysql://ann:secret@db:port/t", "is not valid"),
        ("mysql://ann:secret@db/t?ssl_ca=x", "unknown option 'ssl_ca'.*ssl-ca, unix_socket"),
    ],
)
def test_bad_urls(url: str, message: str) -> None:
    """The message says what a URL looks like, and does not show the password."""
    with pytest.raises(BadDatabaseUrl, match=message) as caught:
        parse_url(url)
    assert "secret" not in str(caught.value)


@pytest.mark.database
def test_the_session(database: str) -> None:
    """A session is strict and has UTC, utf8mb4 and autocommit, whatever the server's defaults are."""
    (row,) = query(database, "SELECT @@sql_mode, @@time_zone, @@character_set_connection, @@autocommit")
    assert {"STRICT_TRANS_TABLES", "ONLY_FULL_GROUP_BY"} <= set(str(row[0]).split(","))
    assert row[1:] == ("+00:00", "utf8mb4", 1)


@pytest.mark.database
def test_this_server_will_do(database: str) -> None:
    """The check accepts the server that the tests run on, and leaves nothing behind."""
    connection = connect(database)
    assert require_supported(connection) == []
    assert not query(database, "SHOW TABLES LIKE 'tributary_probe'")
    connection.close()


@pytest.mark.database
def test_checks_at_the_same_time(mysql_server: str) -> None:
    """Several processes that start on one server without a database do not drop each other's table."""

    def check(_: int) -> list[str]:
        connection = connect(mysql_server)
        try:
            return require_supported(connection)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(check, range(24))) == [[]] * 24


@pytest.mark.database
def test_what_a_session_lacks(database: str) -> None:
    """A connection that was not made here is reported with what it lacks."""
    address = parse_url(database)
    connection: Any = pymysql.connect(
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        unix_socket=address.unix_socket or None,
        database=address.database,
        init_command="SET SESSION sql_mode = '', SESSION time_zone = '+02:00'",
    )
    lacking = require_supported(connection)
    connection.close()
    assert any("sql_mode lacks" in sentence and "STRICT_TRANS_TABLES" in sentence for sentence in lacking)
    assert any("time_zone is +02:00" in sentence for sentence in lacking)


def thread_id(pool: Pool) -> int:
    """Return the id of the server's session that the pool lends."""
    with pool.connection() as lent:
        connection: Any = lent
        return int(connection.thread_id())


def is_idle(database: str, session: int) -> bool:
    """Return whether the session waits for a statement."""
    idle = f"SELECT 1 FROM information_schema.processlist WHERE id = {session} AND command = 'Sleep'"
    return bool(query(database, idle))


def is_locked(database: str) -> bool:
    """Return whether another transaction holds the row of the heartbeats."""
    return not query(database, "SELECT 1 FROM heartbeats FOR UPDATE SKIP LOCKED")


@pytest.mark.database
def test_connections_are_kept(database: str) -> None:
    """The next query gets the last one's connection."""
    pool = Pool(database)
    assert thread_id(pool) == thread_id(pool)
    pool.close()


@pytest.mark.database
def test_a_connection_that_died_while_idle(database: str) -> None:
    """A failover between two uses goes unnoticed."""
    pool = Pool(database)
    session = thread_id(pool)
    query(database, f"KILL {session}")
    assert thread_id(pool) != session
    pool.close()


@pytest.mark.database
def test_a_reader_that_died_while_idle(database: str) -> None:
    """The first statement finds out. Its error says that another connection may answer, and this one is dropped."""
    pool = Readers(database)
    session = thread_id(pool)
    assert eventually(lambda: is_idle(database, session))
    query(database, f"KILL {session}")
    with pytest.raises(LostWhileIdle), pool.connection() as connection:
        connection.query("SELECT 1")
    assert thread_id(pool) != session
    pool.close()


@pytest.mark.database
def test_readers(database: str) -> None:
    """A borrower's statements see one snapshot, and may not write. The next borrower sees another snapshot."""
    pool = Readers(database, size=1)
    for number, service in enumerate(("accounts", "transfers")):
        with pool.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM heartbeats")
            query(database, f"INSERT INTO heartbeats VALUES ('{service}', 1, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))")
            cursor.execute("SELECT COUNT(*) FROM heartbeats")
            assert cursor.fetchone() == (number,)
        with pytest.raises(pymysql.err.MySQLError, match="1792"), pool.connection() as connection:
            connection.query("DELETE FROM heartbeats")
    pool.close()


@pytest.mark.database
def test_a_transaction_ends_without_its_next_caller(database: str) -> None:
    """A transaction that is open when its connection is given back ends, even without another caller."""
    query(database, "INSERT INTO heartbeats VALUES ('accounts', 1, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))")
    pool = Pool(database)
    with pool.connection() as lent:
        connection: Any = lent
        session = connection.thread_id()
        connection.query("START TRANSACTION")
        connection.query("DELETE FROM heartbeats")
        assert is_locked(database)
    assert eventually(lambda: not is_locked(database))
    assert thread_id(pool) == session
    pool.close()


@pytest.mark.database
def test_a_connection_that_dies_in_use(database: str) -> None:
    """The client is told to try again, and the next one gets another connection."""
    pool = Pool(database)

    def die() -> None:
        with pool.connection() as lent:
            connection: Any = lent
            query(database, f"KILL {connection.thread_id()}")
            connection.query("SELECT 1")

    with pytest.raises(Unavailable):
        die()
    assert thread_id(pool)
    pool.close()


@pytest.mark.database
def test_an_error_leaves_no_transaction_open(database: str) -> None:
    """An open transaction is rolled back before the next caller has the connection. The error is passed on."""
    pool = Pool(database, size=1)

    def fail() -> None:
        with pool.connection() as connection:
            connection.query("START TRANSACTION")
            connection.query("INSERT INTO heartbeats VALUES ('transfers', 1, NOW(3), NOW(3))")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with pool.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM heartbeats")
        assert cursor.fetchone() == (0,)
    pool.close()


@pytest.mark.database
@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("?")])
def test_an_answer_that_nobody_has_read(database: str, error: Exception) -> None:
    """After an error between a statement and its answer, the next query does not get that answer."""
    pool = Pool(database, 1)

    def fail() -> None:
        with pool.connection() as connection:
            connection._execute_command(COMMAND.COM_QUERY, "DO 0")  # type: ignore[attr-defined]  # not in the stubs
            raise error

    with pytest.raises(type(error)):
        fail()
    with pool.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 42")
        assert cursor.fetchone() == (42,)
    pool.close()


@pytest.mark.database
def test_no_more_than_its_size(database: str) -> None:
    """A caller that gets no connection in time is told so. A wrong statement uses up no connection."""
    pool = Pool(database, size=1, wait_seconds=0.01)
    for _ in range(3):
        with pytest.raises(pymysql.err.ProgrammingError), pool.connection() as connection:
            connection.query("SELEKT 1")
    with pool.connection(), pytest.raises(Unavailable, match="in use"), pool.connection():
        pass
    pool.close()


@pytest.mark.database
def test_many_threads(database: str) -> None:
    """Twenty threads share three connections, and none gets another's answer."""
    pool = Pool(database, size=3, wait_seconds=30)
    barrier = threading.Barrier(20)

    def ask(number: int) -> bool:
        barrier.wait(PATIENT_SECONDS)
        with pool.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT %s", (number,))
            return bool(cursor.fetchone() == (number,))

    with ThreadPoolExecutor(20) as threads:
        assert all(threads.map(ask, range(20)))
    pool.close()


def test_no_server() -> None:
    """If nothing listens, the client is told to try again."""
    with (
        pytest.raises(Unavailable, match="cannot be reached"),
        Pool(f"mysql://a@127.0.0.1:{free_port()}/t").connection(),
    ):
        pass
