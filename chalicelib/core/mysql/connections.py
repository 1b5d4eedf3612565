"""Connections to the read model: an address from a URL, sessions with the same settings, and a small pool for queries.

PyMySQL is imported with the first connection, so that command functions, which need none, start faster.
"""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
from msgspec.structs import replace

from chalicelib.core.errors import Problem, Unavailable
from chalicelib.core.mysql.statements import send
from chalicelib.core.telemetry import log, tracing
from chalicelib.core.telemetry.error_text import error_text

if TYPE_CHECKING:
    import pymysql

    from chalicelib.core.mysql.rows import Connection

# Set in every session, since the defaults of servers differ. MariaDB's default lacks ONLY_FULL_GROUP_BY. A server
# without strict mode would cut a value that is too long, instead of refusing it.
SQL_MODE = (
    "STRICT_TRANS_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
)
# Below any sensible time-out of a function, so that a lock that is never released is noticed in time.
LOCK_WAIT_SECONDS = 5
_OPTIONS = ("auth", "ssl-ca", "unix_socket")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# Client errors 2002, 2003: cannot connect; 2006, 2013, 2014: connection gone or out of step; 0: PyMySQL's "not
# connected". Server errors 1040 and 1203: too many connections; 1053: shutting down; 1077, 1079: shut down;
# 1317, 1927: statement or connection killed; 3169, 4031: session killed or idle for too long.
# https://dev.mysql.com/doc/mysql-errors/8.0/en/
_LOST = frozenset({0, 1040, 1053, 1077, 1079, 1203, 1317, 1927, 2002, 2003, 2006, 2013, 2014, 3169, 4031})
_STATEMENT_KILLED = 1317
# 1290 and 1836: the server is read-only; 1792: a transaction on it is. The server was the writer before a failover.
_READ_ONLY = frozenset({1290, 1792, 1836})

# Without a number, PyMySQL raises these when client and server are out of step: "Packet sequence number wrong"
# (https://github.com/PyMySQL/PyMySQL/issues/606).
_OUT_OF_STEP = frozenset({"Error", "InternalError", "OperationalError"})
_TRY_AGAIN = "The read model cannot be reached. Try again."
_IN_TRANSACTION = 1  # the protocol's SERVER_STATUS_IN_TRANS, part of every answer


class BadDatabaseUrl(ValueError):
    """A database URL that cannot be used. The message says why, and never shows the password."""


class Address(msgspec.Struct, frozen=True):
    """The address of a database and the user's credentials.

    Attributes:
        database: the database's name; "" for a server's URL.
        ssl_ca: the path of the PEM file against which the server's certificate is checked, or "".
        unix_socket: the path of the server's socket; "" for TCP.
        iam: whether the password is a token signed by AWS credentials (auth=iam). This requires TLS.
    """

    user: str
    password: str
    host: str
    port: int
    database: str
    ssl_ca: str = ""
    unix_socket: str = ""
    iam: bool = False

    def __repr__(self) -> str:
        """The address without the password."""
        return f"Address({self.user}@{self.host}:{self.port}/{self.database})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The same for rich, which would show all fields of a struct."""
        return [("user", self.user), ("host", self.host), ("port", self.port), ("database", self.database)]

    def without_database(self) -> "Address":
        """The same address without a database."""
        return replace(self, database="")


def parse_url(url: str) -> Address:
    """Parse `mysql://user:password@host:port/database[?ssl-ca=path][&unix_socket=path][&auth=iam]`.

    Raises:
        BadDatabaseUrl: the URL is wrong. The message names the part.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 3306
    except ValueError as error:
        raise BadDatabaseUrl(f"the database URL is not valid: {error}") from None
    if parts.scheme != "mysql" or not parts.hostname:
        raise BadDatabaseUrl(f"a database URL is mysql://user:password@host:port/database, not {parts.scheme}://...")
    options = dict(parse_qsl(parts.query))
    if unknown := sorted(set(options) - set(_OPTIONS)):
        raise BadDatabaseUrl(
            f"unknown option {unknown[0]!r} in the database URL; the options are {', '.join(_OPTIONS)}"
        )
    if options.get("auth", "iam") != "iam":
        raise BadDatabaseUrl(f"auth={options['auth']} in the database URL is unknown; the only value is auth=iam")
    return Address(
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        host=parts.hostname,
        port=port,
        database=unquote(parts.path[1:]),
        ssl_ca=options.get("ssl-ca", ""),
        unix_socket=options.get("unix_socket", ""),
        iam="auth" in options,
    )


def connect(
    address: str | Address,
    *,
    for_queries: bool = False,
    connect_timeout: int = 5,
    read_timeout: int = 30,
    local_infile: bool = False,
) -> "Connection":
    """Open a connection in utf8mb4, strict SQL mode and UTC. It is in autocommit mode, unless it is for queries.

    Args:
        address: a URL, or the Address that `parse_url` made of one.
        for_queries: whether a statement begins a READ ONLY transaction if none is open, and rows have values as answers
            need them: a DATETIME as text, for `timestamp` in core/queries/answers.py, and a sum of integers as an int.
        connect_timeout: how many seconds connecting may take.
        read_timeout: how many seconds the answer to one statement may take.
        local_infile: whether LOAD DATA LOCAL is allowed (benchmarks only).

    Raises:
        BadDatabaseUrl: see `parse_url`.
        pymysql.err.OperationalError: the server cannot be reached or refuses.
    """
    from chalicelib.core.mysql.rows import CONVERSIONS, FOR_QUERIES, Connection

    place = parse_url(address) if isinstance(address, str) else address
    connection = Connection(
        user=place.user,
        password=_password(place).encode(),  # PyMySQL would take latin1
        host=place.host,
        port=place.port,
        database=place.database or None,
        charset="utf8mb4",
        collation="utf8mb4_unicode_ci",
        autocommit=not for_queries,
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        write_timeout=read_timeout,
        local_infile=local_infile,
        conv=FOR_QUERIES if for_queries else CONVERSIONS,
        # With autocommit in the same statement, PyMySQL need not send another one for it.
        init_command=f"SET SESSION sql_mode = '{SQL_MODE}', SESSION time_zone = '+00:00',"
        f" SESSION autocommit = {int(not for_queries)}",
        **_transport(place),
    )
    if for_queries:
        connection.query("SET SESSION TRANSACTION READ ONLY")
    return connection


def _password(place: Address) -> str:
    if not place.iam:
        return place.password
    from chalicelib.core.mysql.iam_token import iam_token

    return iam_token(place.host, place.port, place.user)


def _transport(place: Address) -> dict[str, Any]:
    """The transport: a socket, plain TCP on loopback, or TLS, which is verified if a CA file is named."""
    if place.unix_socket:
        return {"unix_socket": place.unix_socket, "ssl_disabled": True}
    if place.ssl_ca:
        return {"ssl_ca": place.ssl_ca, "ssl_verify_cert": True, "ssl_verify_identity": True}
    if place.iam:
        # A proxy's certificate is signed by an authority that the system knows. PyMySQL sends the token to a
        # verified server or, given a context, not at all.
        return {"ssl": ssl.create_default_context()}
    return {"ssl_disabled": True} if place.host in _LOOPBACK else {}


def is_mariadb(connection: "pymysql.Connection[Any]") -> bool:
    """Whether the server is a MariaDB, by the version that it gave when the connection was made."""
    return "MariaDB" in connection.get_server_info()  # type: ignore[no-untyped-call]


def limit_lock_waits(connection: "pymysql.Connection[Any]") -> None:
    """Let the session wait for a row's lock for LOCK_WAIT_SECONDS at most.

    The variable is set only where the server's own limit is higher: setting it makes RDS Proxy pin the session to its
    connection, so Aurora has the limit in its parameter group.
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-proxy-pinning.html
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@SESSION.innodb_lock_wait_timeout")
        ((limit,),) = cursor.fetchall()
        if limit > LOCK_WAIT_SECONDS:
            cursor.execute(f"SET SESSION innodb_lock_wait_timeout = {LOCK_WAIT_SECONDS}")


def error_code(error: BaseException) -> int | None:
    """The MySQL error number in an exception of PyMySQL, or None."""
    code = error.args[0] if error.args else None
    return code if type(error).__module__ == "pymysql.err" and isinstance(code, int) else None


def is_lost(error: BaseException) -> bool:
    """Whether an error means that the connection was lost, or could not be opened."""
    if isinstance(error, ConnectionError | TimeoutError | ssl.SSLError):
        return True
    if type(error).__module__ == "pymysql.err":
        name, code = type(error).__name__, error_code(error)
        return name == "InterfaceError" or code in _LOST or (code is None and name in _OUT_OF_STEP)
    return False


def is_read_only(error: BaseException) -> bool:
    """Whether the server refused a write because it is read-only, as after a failover.

    The connection still leads to the old writer, so it has to be closed. A new one finds the new writer.
    """
    return error_code(error) in _READ_ONLY


class LostWhileIdle(Unavailable):
    """A connection was lost before it answered its first statement. Another one may answer."""


class Pool:
    """Connections in autocommit mode that stay open between their uses. Threads share them.

    Args:
        url: the database; see `parse_url`.
        size: how many connections may be open at once. Further callers wait. It should exceed the server's number of
            processors, so that a few slow queries do not block all others.
        wait_seconds: how long a caller waits for a connection.
    """

    def __init__(self, url: str, size: int = 32, *, wait_seconds: float = 5.0) -> None:
        self._address = parse_url(url)
        self._permits = threading.BoundedSemaphore(size)
        self._wait_seconds = wait_seconds
        self._idle: list[Connection] = []
        self._lock = threading.Lock()

    @contextmanager
    def connection(self) -> Iterator["Connection"]:
        """Borrow a connection outside a transaction.

        On return, an open transaction is rolled back, and a broken connection is dropped.

        Raises:
            Unavailable: no connection is free or can be opened, or the borrowed one was lost.
        """
        if not self._permits.acquire(timeout=self._wait_seconds):
            raise Unavailable("All connections to the read model are in use. Try again.")
        try:
            with tracing.subsegment("mysql", "remote"):
                yield from self._lend()
        finally:
            self._permits.release()

    def close(self) -> None:
        """Close all idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            _close(connection)

    def _open(self) -> "Connection":
        return connect(self._address)

    def _prepare(self, connection: "Connection") -> None:
        """Raise an error if an idle connection does not answer any more."""
        connection.ping(reconnect=False)
        connection.has_answered = True

    def _lend(self) -> Iterator["Connection"]:
        try:
            connection = self._alive() or self._open()
        except Exception as error:
            if is_lost(error):
                raise _unavailable(error) from error
            raise
        try:
            yield connection
        except BaseException as error:
            lost = is_lost(error)
            # After any other error, a part of an answer may be unread. It would be taken for the next query's answer.
            told = isinstance(error, Problem) or error_code(error) is not None
            self._give_back(connection, broken=lost or is_read_only(error) or not told)
            if lost:
                # What somebody has ended with KILL QUERY is not to be run again.
                answered = connection.has_answered or error_code(error) == _STATEMENT_KILLED
                raise (_unavailable(error) if answered else LostWhileIdle(_TRY_AGAIN)) from error
            raise
        self._give_back(connection)

    def _alive(self) -> "Connection | None":
        """An idle connection, as far as is known. A failover or a time-out may have closed others."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            connection.has_answered = False
            try:
                if _may_be_in_transaction(connection):
                    connection._read_ok_packet()  # type: ignore[attr-defined]  # of `_give_back`'s ROLLBACK
                self._prepare(connection)
            except Exception:
                _close(connection)
            else:
                return connection

    def _give_back(self, connection: "Connection", *, broken: bool = False) -> None:
        """Keep a connection for the next caller. If it may be in a transaction, the server is told to roll that back.

        The server's answer is read when the connection is lent again, so that no caller waits for it.
        """
        if not broken and _may_be_in_transaction(connection):
            try:
                send(connection, b"ROLLBACK")
            except Exception:
                broken = True
        if broken:
            _close(connection)
            return
        with self._lock:
            self._idle.append(connection)


class Readers(Pool):
    """Connections for queries. All that a borrower reads is of one snapshot.

    They are not in autocommit mode, so the first statement begins a transaction, which is READ ONLY. It is also what
    finds out whether an idle connection still answers. If not, that is LostWhileIdle: borrow again. RDS Proxy keeps to
    one connection from the first statement to the ROLLBACK if a session has no autocommit:
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-proxy.howitworks.html#rds-proxy-transactions
    """

    def _open(self) -> "Connection":
        return connect(self._address, for_queries=True)

    def _prepare(self, connection: "Connection") -> None:
        """Leave it to the first statement to find out whether an idle connection still answers."""


def _may_be_in_transaction(connection: "Connection") -> bool:
    """Whether the server's last answer that was read says so, or any statement begins one."""
    return bool(connection.server_status & _IN_TRANSACTION) or not connection.get_autocommit()


def _unavailable(error: BaseException) -> Unavailable:
    """The error that a client sees if a connection was lost or cannot be opened."""
    log.warning("the read model cannot be reached", error=error_text(error))
    return Unavailable(_TRY_AGAIN)


def _close(connection: "Connection") -> None:
    """Close the socket without MySQL's quit message, which could itself fail or block."""
    connection._force_close()  # type: ignore[attr-defined]  # not in the stubs
