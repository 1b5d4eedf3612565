"""Prepared statements: the values arrive as they were, whatever happens to the table meanwhile."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymysql.err import MySQLError

from chalicelib.core.mysql.connections import connect
from chalicelib.core.mysql.prepared import Execution, prepared, values_of
from chalicelib.core.mysql.statements import run_each

_COLUMNS = (
    "(n BIGINT NOT NULL PRIMARY KEY, number BIGINT NULL, text LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,"
    " moment DATETIME(3) NULL, day DATE NULL, sum DECIMAL(30,0) NULL)"
)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(["'", "\\", "\x00", "?", ""])
# Around each length that the protocol writes in another way.
_LONG = st.sampled_from([250, 251, 65_535, 65_536]).map("x".__mul__)
_MOMENTS = st.builds(
    lambda moment, ms: moment.replace(microsecond=ms * 1000), st.datetimes(datetime(1000, 1, 1)), st.integers(0, 999)
)
_INTEGERS = st.integers(-(2**63), 2**63 - 1)
ROWS = st.lists(
    st.tuples(
        st.none() | _INTEGERS,
        st.none() | _TEXTS | _LONG,
        st.none() | _MOMENTS,
        st.none() | st.dates(date(1000, 1, 1)),
        st.none() | _INTEGERS,
    ),
    min_size=1,
    max_size=20,
)


@pytest.fixture
def connection(database: str) -> Iterator[Any]:
    """A connection to a database with the table `kinds`, which has a column of each kind."""
    connection = connect(database)
    connection.query("DROP TABLE IF EXISTS kinds")
    connection.query(f"CREATE TABLE kinds {_COLUMNS}")
    yield connection
    connection.query("DROP TABLE kinds")
    connection.close()


def insert(rows: Sequence[tuple[Any, ...]], table: str = "kinds") -> Execution:
    """Return the insertion of rows, which `values_of` takes."""
    row = f"({','.join('?' * len(rows[0]))})"
    values = values_of(rows)
    assert values
    return Execution(
        f"INSERT INTO {table} (n,number,text,moment,day,sum) VALUES {','.join([row] * len(rows))}".encode(), values
    )


def there(connection: Any, table: str = "kinds") -> list[tuple[Any, ...]]:
    """Return what the table has."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT n, number, text, moment, day, sum FROM {table} ORDER BY n")
        return list(cursor.fetchall())


@pytest.mark.database
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_values_come_back(connection: Any, rows: list[tuple[Any, ...]]) -> None:
    """Every value, of every kind and length, is read as it was written; NULL in any place as well."""
    numbered = [(number, *row) for number, row in enumerate(rows)]
    connection.query("DELETE FROM kinds")
    run_each(connection, [insert(numbered)])
    assert there(connection) == numbered


@pytest.mark.parametrize("values", [(Decimal(1),), (True,), (1.5,), (b"x",), (2**63,), (-(2**63) - 1,), ("a", 1)])
def test_what_stays_text(values: tuple[Any, ...]) -> None:
    """Kinds that are seldom, numbers of more than 64 bits and columns of two kinds are left to the texts."""
    assert values_of([(value,) for value in values]) is None


def test_half_a_surrogate_pair_is_refused() -> None:
    """As in a text: it is the record's fault, not the server's."""
    with pytest.raises(UnicodeEncodeError):
        values_of([("\ud800",)])


@pytest.mark.database
def test_a_text_is_prepared_once(connection: Any) -> None:
    """An execution and an answer are all that later ones cost; an error of one does not spoil the statement."""
    first, second = [(n, n, "a", None, None, 1) for n in range(3)], [(n, n, "a", None, None, 1) for n in range(3, 6)]
    run_each(connection, [insert(first), insert(second)])
    assert len(prepared(connection)) == 1
    with pytest.raises(MySQLError, match="1062"):
        run_each(connection, [insert(second)])
    run_each(connection, [insert([(n + 9, *row) for n, *row in first])])
    assert len(there(connection)) == 9
    assert len(prepared(connection)) == 1


@pytest.mark.database
def test_tables_may_change(connection: Any, database: str) -> None:
    """After a migration, and after a rebuild's swap, the same statement writes into the table of that name."""
    rows = [[(n, n, str(n), None, None, n) for n in (first, first + 1)] for first in (0, 2, 4, 6)]
    other = connect(database)
    run_each(connection, [insert(rows[0])])
    other.query("ALTER TABLE kinds ADD COLUMN more INT NOT NULL DEFAULT 0 FIRST")
    run_each(connection, [insert(rows[1])])
    other.query(f"CREATE TABLE kinds_next {_COLUMNS}")
    other.query("RENAME TABLE kinds TO kinds_old, kinds_next TO kinds")
    run_each(connection, [insert(rows[2])])
    assert there(connection, "kinds_old") == [*rows[0], *rows[1]]
    other.query("DROP TABLE kinds_old")
    run_each(connection, [insert(rows[3])])
    assert there(connection) == [*rows[2], *rows[3]]
    other.close()
