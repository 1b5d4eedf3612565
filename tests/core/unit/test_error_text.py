"""Errors in logs and dead letters have places and types, but never the values that caused them."""

import json
import logging
import sys
from datetime import datetime
from typing import Any, Literal

import msgspec
import pytest
from pymysql.err import DataError, IntegrityError, OperationalError, ProgrammingError

from chalicelib.core.dynamodb.codec import decode, decode_item, encode, stored_head
from chalicelib.core.projector.sql import literal
from chalicelib.core.telemetry import log
from chalicelib.core.telemetry.error_text import error_text

SECRET = "Ada 'Lovelace' <ada@example.com>"
ITEM: dict[str, Any] = {
    "id": {"S": "x"}, "version": {"N": "1"}, "state": {"M": {}}, "events": {"L": []}, "commit": {"S": "c"},
    "actor": {"S": "a"}, "command": {"S": "c"}, "at": {"S": "2026-01-01T00:00:00.000Z"},
}  # fmt: skip


def raised(work: Any) -> Exception:
    """Return the error that a call raises."""
    with pytest.raises(Exception) as caught:
        work()
    return caught.value


def unpack(text: str) -> None:
    """Raise an error as a projection would that takes a value apart."""
    _one, _other = text


ERRORS: dict[str, Any] = {
    "int": lambda: int(SECRET),
    "time": lambda: datetime.fromisoformat(SECRET),
    "key": lambda: {}[SECRET],
    "unpacking": lambda: unpack(SECRET),
    "encoding": lambda: f"{SECRET}\ud800".encode(),
    "enum": lambda: msgspec.convert(SECRET, Literal["a", "b"]),
    "a member's type": lambda: msgspec.convert({SECRET: 1}, dict[str, str]),
    "SQL literal": lambda: literal([SECRET]),
    "attribute value": lambda: encode({SECRET}),
    "number": lambda: decode({"N": SECRET}),
    "type": lambda: decode({"SS": [SECRET]}),
    "a nested member": lambda: decode_item({"lines": {"L": [{"M": {"sku": {"N": SECRET}}}]}}),
    "a head's attribute": lambda: stored_head({**ITEM, "version": {"S": SECRET}}),
}


@pytest.mark.parametrize("name", ERRORS)
def test_no_value_is_shown(name: str) -> None:
    """However an error is caused, neither its text nor the log's line has any part of the value."""
    error = raised(ERRORS[name])
    assert error_text(error).startswith(type(error).__name__)
    for text in (error_text(error), line_of(error)):
        assert "Ada" not in text
        assert "example.com" not in text


def line_of(error: Exception) -> str:
    """Return the log's text of an exception."""
    try:
        raise RuntimeError("while at it") from error
    except RuntimeError:
        record = logging.LogRecord("tributary", logging.ERROR, "f", 1, "failed", (), sys.exc_info())
    return log.JsonFormatter().format(record)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            IntegrityError(1062, f"Duplicate entry '{SECRET}' for key 'email'"),
            "IntegrityError: 1062 Duplicate entry '...' for key 'email'",
        ),
        (
            DataError(1366, f"Incorrect integer value: '{SECRET}' for column `db`.`t`.`total` at row 1"),
            "DataError: 1366 Incorrect integer value: '...' for column `db`.`t`.`total` at row 1",
        ),
        (
            DataError(1292, f"Truncated incorrect DOUBLE value: '{SECRET}'"),
            "DataError: 1292 Truncated incorrect DOUBLE value: '...'",
        ),
        (
            ProgrammingError(1064, f"You have an error in your SQL syntax near '{SECRET}', 3)' at line 1"),
            "ProgrammingError: 1064 You have an error in your SQL syntax near '...' at line 1",
        ),
        (
            DataError(1406, "Data too long for column 'name' at row 1"),
            "DataError: 1406 Data too long for column 'name' at row 1",
        ),
        (OperationalError(1205, "Lock wait timeout exceeded"), "OperationalError: 1205 Lock wait timeout exceeded"),
    ],
)
def test_what_the_server_says(error: Exception, text: str) -> None:
    """The server's number and words are kept without the value. Columns, keys and rows remain."""
    assert error_text(error) == text


@pytest.mark.parametrize(
    ("work", "text"),
    [
        (ERRORS["a nested member"], "Undecodable: lines.0.sku is a number that is no integer"),
        (ERRORS["type"], "Undecodable: attribute type SS is never written here"),
        (lambda: decode({"M": {"a": {"L": 5}}}), "Undecodable: a is of type L and holds int"),
        (lambda: decode({"M": {"a": "x"}}), "Undecodable: a is str, not an attribute value"),
        (lambda: stored_head({**ITEM, "at": {"N": "1"}}), "Undecodable: Expected `str`, got `int` - at `$.at`"),
        (lambda: stored_head({"id": {"S": "x"}}), "Undecodable: Object missing required field `version`"),
        (lambda: {}["status"], "KeyError: 'status' in test_error_text.py"),
        (ERRORS["int"], "ValueError in test_error_text.py, line "),
    ],
)
def test_places(work: Any, text: str) -> None:
    """The text says where the error was."""
    assert error_text(raised(work)).startswith(text)


def test_traceback_names_causes_and_lines() -> None:
    """The log has a traceback of each error of a chain, the first one first."""
    text = json.loads(line_of(raised(ERRORS["int"])))["exception"]
    assert text.index("ValueError in test_error_text.py") < text.index("RuntimeError")
    assert 'File "' in text


def test_fields_are_bounded() -> None:
    """However much a stranger sends, a line is shorter."""
    record = logging.LogRecord("tributary", logging.INFO, "f", 1, "m" * 100_000, (), None)
    record.__dict__.update(reason="k" * 100_000, answer={"x": ["y" * 100_000]}, count=7)
    line = log.JsonFormatter().format(record)
    assert len(line) < 4 * log.MAX_FIELD
    assert json.loads(line)["count"] == 7
    assert "(100000 characters)" in json.loads(line)["reason"]
