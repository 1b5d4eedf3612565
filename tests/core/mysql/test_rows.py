"""The rows of an answer: the same values and the same errors as PyMySQL's own reader has."""

import struct
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pymysql
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pymysql.cursors import Cursor, DictCursor, SSCursor

from chalicelib.core.mysql.connections import connect, is_lost, is_mariadb
from chalicelib.core.mysql.rows import CONVERSIONS, RowsByName
from chalicelib.core.mysql.statements import receive, send
from chalicelib.core.queries.limit import with_limit
from local.mariadb import MariaDB
from local.ports import free_port
from tests.support.plain_pymysql import connect_plainly
from tests.support.proxy import Proxy, port_of, through

pytestmark = pytest.mark.database

LARGEST = 0xFFFFFF
"""The length of the longest packet. It goes on in the next one."""
_VALUES = """(1, -128, 255, -32768, 8388607, -2147483648, 18446744073709551615, 2026, -12345678901234567890.123456, 0.5,
  '2026-11-26', '2026-11-26 10:00:00.123', '2026-11-26 10:00:00', '-25:01:02', 'Ünïcode 🦆', x'00FF80', x'0080FF00',
  '{"a": "ü"}', 'yes', b'101', 'a,b')"""
_NUMBERS = "SELECT a.n * 64 + b.n AS n FROM sixty_four a JOIN sixty_four b"


@pytest.fixture(scope="module", autouse=True)
def values(module_database: str) -> None:
    """Make a table with a column of each type, and one of 64 numbers."""
    connection = connect(module_database)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE every_type (id INT PRIMARY KEY, tiny TINYINT, small SMALLINT UNSIGNED, short SMALLINT,"
            " medium MEDIUMINT, number INT, big BIGINT UNSIGNED, year YEAR, exact DECIMAL(30, 6), half DOUBLE,"
            " day DATE, at DATETIME(3), stamp TIMESTAMP NULL, lasted TIME, name VARCHAR(40) COLLATE utf8mb4_bin,"
            " bytes VARBINARY(9), body BLOB, document JSON, choice ENUM('yes', 'no'), bits BIT(3), some SET('a', 'b'))"
        )
        cursor.execute(f"INSERT INTO every_type VALUES {_VALUES}")
        cursor.execute("INSERT INTO every_type (id) VALUES (2)")
        cursor.execute("CREATE TABLE sixty_four (n INT PRIMARY KEY)")
        cursor.execute("INSERT INTO sixty_four VALUES " + ", ".join(f"({n})" for n in range(64)))
    connection.close()


@pytest.fixture(scope="module")
def ours(module_database: str) -> Iterator[Any]:
    """Yield a connection of ours."""
    connection = connect(module_database)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def theirs(module_database: str) -> Iterator[Any]:
    """Yield a connection of PyMySQL."""
    connection = connect_plainly(module_database, CONVERSIONS)
    yield connection
    connection.close()


def outcome(connection: Any, statement: str, kind: type[Cursor] = Cursor) -> Any:
    """Return all that a cursor tells of a statement: rows, their number, columns and warnings; or the error."""
    with connection.cursor(kind) as cursor:
        try:
            count = cursor.execute(statement)
            return count, cursor.description, cursor.warning_count, cursor.lastrowid, cursor.fetchall()
        except pymysql.err.MySQLError as error:
            return type(error), error.args[0]


STATEMENTS = [
    "SELECT * FROM every_type",
    "SELECT * FROM every_type ORDER BY id DESC",
    "SELECT * FROM every_type WHERE id = 99",
    "SELECT * FROM every_type WHERE id = 2",
    "SELECT NULL, 1, 'text', 1.50, 1e3, CAST('{}' AS CHAR), x'ff', '', DATE('2026-01-01'), NOW() IS NULL",
    "SELECT SUM(id), COUNT(*), MAX(at), GROUP_CONCAT(name) FROM every_type",
    "SELECT e.id, f.id, f.name FROM every_type e LEFT JOIN every_type f ON f.id = e.id + 1",
    _NUMBERS,
    "SELECT 1 / 0, CAST('x' AS SIGNED)",
    "SHOW VARIABLES LIKE 'max_allowed_packet'",
    "SHOW TABLES",
    "DO 0",
    "SELECT 1 FROM nowhere",
    "SELEKT 1",
    "SELECT (SELECT n FROM sixty_four)",
    # Rows are sent before one fails.
    f"SELECT n, REPEAT('x', 200), IF(n < 4000, 1, (SELECT n FROM sixty_four c WHERE c.n < 90)) FROM ({_NUMBERS}) t",
]
LENGTHS = (0, 1, 250, 251, 252, 65_535, 65_536, 70_000, 200_000, LARGEST - 4, LARGEST - 3)


@pytest.mark.parametrize("kind", [Cursor, DictCursor, SSCursor])
@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_same_as_pymysql(ours: Any, theirs: Any, statement: str, kind: type[Cursor]) -> None:
    """Both readers give the same, of the same types, and can be used again."""
    found, expected = outcome(ours, statement, kind), outcome(theirs, statement, kind)
    assert (found, repr(found)) == (expected, repr(expected))
    assert outcome(ours, "SELECT 42")[-1] == ((42,),)


@pytest.mark.parametrize("statement", [each for each in STATEMENTS if each.startswith("SELECT")])
def test_rows_by_name(ours: Any, theirs: Any, statement: str) -> None:
    """The queries' cursor has the same rows as PyMySQL's, or the same error."""
    cursor = RowsByName(ours)
    expected = outcome(theirs, statement, DictCursor)
    if len(expected) == 2:
        with pytest.raises(expected[0], match=str(expected[1])):
            cursor.execute(statement)
        return
    assert cursor.execute(statement) == expected[0]
    first = cursor.fetchone()
    assert [*([first] if first else []), *cursor.fetchall()] == [*expected[-1]]
    assert cursor.fetchone() is None


def test_values_of_a_statement(ours: Any) -> None:
    """Values are escaped, and a percent sign is written twice, as with PyMySQL's cursors."""
    cursor = RowsByName(ours)
    assert cursor.execute("SELECT %s AS a, %s AS b, '100 %%' AS c", ("it's \\ \N{DUCK}", 7)) == 1
    assert cursor.fetchall() == [{"a": "it's \\ \N{DUCK}", "b": 7, "c": "100 %"}]


def test_values_for_queries(module_database: str) -> None:
    """A DATETIME stays text and a sum is an int, also where another connection has read the same columns."""
    statement = "SELECT at, day, SUM(id), exact FROM every_type WHERE id = 1 GROUP BY at, day, exact"
    with connect(module_database) as connection, connect(module_database, for_queries=True) as reader:
        day, exact = date(2026, 11, 26), Decimal("-12345678901234567890.123456")
        for _ in range(2):
            moment = datetime(2026, 11, 26, 10, 0, 0, 123000)
            assert repr(outcome(connection, statement)[-1]) == repr(((moment, day, Decimal(1), exact),))
            assert repr(outcome(reader, statement)[-1]) == repr((("2026-11-26 10:00:00.123", day, 1, exact),))


@pytest.mark.parametrize("length", LENGTHS)
def test_long_values(ours: Any, theirs: Any, length: int) -> None:
    """A value of any length is whole, also where it fills a packet, or goes on in the next."""
    statement = f"SELECT 'before', REPEAT('x', {length}), 'behind', NULL UNION ALL SELECT 'a', 'b', 'c', 'd'"
    assert outcome(ours, statement)[-1] == outcome(theirs, statement)[-1]


@pytest.mark.parametrize("length", [LARGEST - 6, LARGEST - 5, LARGEST - 4, LARGEST - 3, 9_000_000])
def test_a_row_of_several_packets(ours: Any, length: int) -> None:
    """A row that is longer than a packet is whole, also if it ends with one."""
    rows = outcome(ours, f"SELECT REPEAT('x', {length}), REPEAT('y', {length}), 'z'")[-1]
    assert rows == (("x" * length, "y" * length, "z"),)
    assert outcome(ours, "SELECT 42")[-1] == ((42,),)


def test_a_statement_that_the_server_ends(ours: Any, theirs: Any) -> None:
    """If the time limit is over when some rows are sent already, the error is the same, and the session goes on."""
    statement = f"SELECT n, REPEAT('x', 500), IF(n > 200, SLEEP(0.1), 0) FROM ({_NUMBERS}) t"
    limited = with_limit(statement, 0.5, mariadb=is_mariadb(ours))
    assert outcome(ours, limited) == outcome(theirs, limited)
    assert outcome(ours, limited)[1] in (1969, 3024)
    assert outcome(ours, "SELECT 42")[-1] == ((42,),)


def test_rows_of_a_statement_that_was_sent(ours: Any) -> None:
    """`receive` gives the same rows as a cursor."""
    send(ours, _NUMBERS.encode())
    assert receive(ours) == outcome(ours, _NUMBERS)[-1]


@pytest.mark.parametrize("count", [1, 3, 4, 5, 60, 300, 1_000, 70_000, 150_000])
def test_a_connection_that_is_lost_in_the_middle(module_database: str, count: int) -> None:
    """Wherever an answer is cut off, the error says so, no row is given, and the connection is closed."""
    proxy = Proxy(port_of(module_database))
    connection: Any = connect(through(proxy, module_database))
    proxy.cut_after(count, answers=True)
    with pytest.raises(pymysql.err.OperationalError) as caught, connection.cursor() as cursor:
        cursor.execute(f"SELECT n, REPEAT('x', 100) FROM ({_NUMBERS}) t")
    assert is_lost(caught.value)
    assert not connection.open
    proxy.close()


@pytest.mark.parametrize("how", ["another packet's number", "a length that ends too soon"])
def test_a_garbled_answer(module_database: str, how: str) -> None:
    """If client and server are out of step, the connection is closed at once."""
    proxy = Proxy(port_of(module_database))
    connection: Any = connect(through(proxy, module_database))
    proxy.garble(how, 0)
    with pytest.raises((pymysql.err.InternalError, struct.error)), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert not connection.open
    proxy.close()


class LongerRow:
    """What a connection reads from, with a byte too many in the row of SELECT 1."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def read1(self, most: int) -> bytes:
        """Read what is there."""
        return bytes(self._real.read1(most)).replace(b"\x02\0\0\x04\x011", b"\x03\0\0\x04\x0111")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def test_a_row_that_is_longer_than_its_values(module_database: str) -> None:
    """It is an error of PyMySQL, and what is left of the answer is never taken for another."""
    connection: Any = connect(module_database)
    connection._rfile = LongerRow(connection._rfile)
    with pytest.raises(pymysql.err.InternalError, match="longer or shorter"), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert not connection.open


def test_a_value_that_cannot_be_converted(module_database: str) -> None:
    """The error is passed on. What may be left of the answer is never taken for another."""
    connection: Any = connect(module_database)
    connection.query("SET SESSION sql_mode = ''")
    connection.query("INSERT INTO every_type (id, at) VALUES (3, '0000-00-00')")
    with pytest.raises(ValueError, match="year 0"), connection.cursor() as cursor:
        cursor.execute("SELECT at FROM every_type WHERE id = 3")
    assert not connection.open


def test_a_procedure_is_refused(module_database: str) -> None:
    """Nothing here calls one. An answer of several results is an error, and not half read."""
    connection: Any = connect(module_database)
    connection.query("CREATE PROCEDURE twice() BEGIN SELECT 1; SELECT 2; END")
    with pytest.raises(pymysql.err.NotSupportedError, match="several results"):
        connection.query("CALL twice()")
    assert not connection.open


@pytest.mark.usefixtures("own_servers")
def test_over_tls(tmp_path: Path) -> None:
    """The same rows come over TLS, whose records are shorter than an answer."""
    certificate, key = certificate_of(tmp_path)
    options = (f"--ssl-cert={certificate}", f"--ssl-key={key}")
    server = MariaDB(tmp_path / "mariadb", free_port(), flush=0, options=options)
    server.start()
    try:
        connection = connect(f"{server.server_url}?ssl-ca={certificate}")
        with connection.cursor() as cursor:
            cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
            assert cursor.fetchall()[0][1]
            cursor.execute("SELECT seq, REPEAT('x', seq) FROM mysql.seq_1_to_2000")
            assert cursor.fetchall() == tuple((number, "x" * number) for number in range(1, 2001))
            cursor.execute("SELECT REPEAT('x', 16777216)")
            assert cursor.fetchall() == (("x" * 16777216,),)
        connection.close()
    finally:
        server.stop()


def certificate_of(folder: Path) -> tuple[Path, Path]:
    """Return a certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mariadb")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    places = folder / "certificate.pem", folder / "key.pem"
    places[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    places[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return places
