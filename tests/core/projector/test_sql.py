"""The encoder's literals have the same meaning for the server as the values have for Python."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector import sql
from chalicelib.core.service import Row, Table


class TextRow(Row, frozen=True):
    """A row of a table of texts."""

    id: int
    text: str


TEXTS = Table("t", TextRow, key=("id",))
TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["'", "\\", "\\'", "\x00", "'\x00'", "%s", ""]
)
MILLISECONDS = st.integers(0, 999).map(lambda n: n * 1000)
VALUES = st.one_of(
    st.none(),
    TEXT,
    st.integers(-(2**63), 2**63 - 1),
    st.dates(date(1000, 1, 1)),
    st.builds(lambda moment, ms: moment.replace(microsecond=ms), st.datetimes(datetime(1000, 1, 1)), MILLISECONDS),
)


@pytest.mark.database
@given(st.lists(st.tuples(TEXT, st.none() | TEXT), min_size=1, max_size=5))
def test_texts_come_back(database: str, rows: list[tuple[str, str | None]]) -> None:
    """The server reads every string unchanged, including quotes, backslashes and NUL."""
    connection = connect(database)
    selects = " UNION ALL ".join(f"SELECT {row[1:-1]}" for row in sql.tuples(rows))
    with connection.cursor() as cursor:
        cursor.execute(selects.encode())
        assert list(cursor.fetchall()) == rows
    connection.close()


@pytest.mark.database
@given(st.lists(VALUES, min_size=1, max_size=8))
def test_values_compare_equal(database: str, values: list[Any]) -> None:
    """Each literal equals the value as PyMySQL itself would send it."""
    connection = connect(database)
    with connection.cursor() as cursor:
        for value in values:
            cursor.execute(f"SELECT {sql.literal(value).replace('%', '%%')} <=> %s", (value,))
            assert cursor.fetchone() == (1,)
    connection.close()


@given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=5))
def test_a_column_at_a_time_is_a_value_at_a_time(rows: list[tuple[Any, ...]]) -> None:
    """The fast way for whole columns gives the same literals as the slow one."""
    assert sql.tuples(rows) == [f"({','.join(map(sql.literal, row))})" for row in rows]


@pytest.mark.parametrize("value", [1.5, b"x", ["a"], {"a": 1}])
def test_what_no_row_holds(value: Any) -> None:
    """A float would lose money, and the other types have no column: they are refused and named."""
    with pytest.raises(TypeError, match=type(value).__name__):
        sql.tuples([(value,)])


def test_decimals_keep_their_digits() -> None:
    """Sums beyond 64 bits stay exact."""
    assert sql.literal(Decimal(10**29)) == "1" + "0" * 29


def test_long_rows_are_spread_over_statements() -> None:
    """No statement is longer than the limit unless a single row is. No row is lost."""
    rows = [TextRow(number, "x" * 500_000) for number in range(10)] + [TextRow(10, "y" * 5_000_000)]
    statements = list(sql.insert(TEXTS, rows, "ON DUPLICATE KEY UPDATE id = id"))
    assert [statement.count(b"('") + statement.count(b",'") for statement in statements] == [3, 3, 3, 1, 1]
    assert all(statement.endswith(b"UPDATE id = id") for statement in statements)
    assert all(len(statement) < sql.MAX_STATEMENT_CHARACTERS + 200 for statement in statements[:3])


def test_no_rows_no_statement() -> None:
    """Without rows, there is no INSERT."""
    assert list(sql.insert(TEXTS, [])) == []
