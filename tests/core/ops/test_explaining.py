"""A person is told of an error in words: where it was, and what to do next."""

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ReadTimeoutError,
)
from pymysql.err import InterfaceError, OperationalError, ProgrammingError

from chalicelib.core.composition_root import HalfWired
from chalicelib.core.errors import Unavailable
from chalicelib.core.projector.failures import NotConnected
from ops.explaining import explain


def refused(code: str) -> ClientError:
    """Return an error that AWS answers."""
    return ClientError({"Error": {"Code": code, "Message": "No."}}, "Scan")


def not_connected() -> NotConnected:
    """Return the projector's error with PyMySQL's."""
    error = NotConnected("(2003, 'x')")
    error.__cause__ = OperationalError(2003, "Can't connect to MySQL server on 'db.example'")
    return error


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (HalfWired("notes/api.py has no routes: write"), "notes/api.py has no routes", ""),
        (refused("ResourceNotFoundException"), "A table does not exist", "TABLE_PREFIX"),
        (refused("NoSuchBucket"), "The bucket does not exist", "DEAD_LETTER_BUCKET"),
        (refused("ThrottlingException"), "throttles the requests", "Try again"),
        (refused("ExpiredTokenException"), "does not accept the credentials", "Get new ones"),
        (refused("AccessDeniedException"), "do not permit this", "docs/operate.md"),
        (refused("AccessDenied"), "do not permit this", "docs/operate.md"),
        (refused("InternalServerError"), "answers with an error", "Try again"),
        (NoCredentialsError(), "There are no AWS credentials", "AWS_PROFILE"),
        (NoRegionError(), "No region is set", "AWS_REGION"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "AWS cannot be reached", "make run"),
        (ConnectTimeoutError(endpoint_url="http://127.0.0.1:1"), "AWS cannot be reached", "make run"),
        (ReadTimeoutError(endpoint_url="http://127.0.0.1:1"), "AWS cannot be reached", "make run"),
        (Unavailable("It is away."), "It is away.", "DATABASE_URL"),
        (
            OperationalError(2003, "Can't connect to MySQL server on 'db.example'"),
            "cannot be reached: Can't connect to MySQL server on 'db.example' (MySQL error 2003)",
            "DATABASE_URL",
        ),
        (not_connected(), "cannot be reached: Can't connect to MySQL server on 'db.example' (MySQL", "DATABASE_URL"),
        (InterfaceError(0, ""), "cannot be reached: the connection was lost", "DATABASE_URL"),
        (ProgrammingError(1146, "Table 'x.y' doesn't exist"), "not set up: Table 'x.y' doesn't exist", "ops migrate"),
        (OperationalError(1045, "Access denied for user 'x'"), "refuses: Access denied", "password"),
        (OperationalError(1142, "DROP command denied"), "refuses: DROP command denied", "MigrateDatabaseUrl"),
        (OperationalError(1021, "Disk full"), "answers with an error: Disk full (MySQL error 1021)", ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_is_told(error: Any, message: str, hint: str) -> None:
    """The text has no tuple, no class name, and no gap."""
    told = explain(error)
    assert told is not None
    assert message in told.message
    assert hint in told.hint


def test_a_fault_of_our_own() -> None:
    """A fault of our own has its traceback, and no made-up advice."""
    assert explain(KeyError("x")) is None
