"""Decides what an error means for the batch: try again, or set the record aside.

    TRANSIENT    the server is down, busy or read-only     try again while there is time
    DUPLICATE    1062: another transaction was first       roll back and redo at once
    POISON       the record cannot be projected or encoded, or the server refuses its values
                 set it aside, continue with the rest
    ENVIRONMENT  anything else: a missing table or right, a full disk, no memory, an unknown error
                 try again briefly, then fail the batch: setting all records aside would not help

Numbers: https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html and, from 1900 on,
https://mariadb.com/kb/en/mariadb-error-code-reference/
"""

import enum

from chalicelib.core.mysql.connections import error_code, is_lost, is_read_only
from chalicelib.core.streams.poison import Poisonous


class Verdict(enum.Enum):
    """The kinds of error; see the module."""

    TRANSIENT = enum.auto()
    DUPLICATE = enum.auto()
    POISON = enum.auto()
    ENVIRONMENT = enum.auto()


class NotConnected(Exception):
    """No connection to the writer can be opened."""


# 1205 lock wait time-out, 1213 deadlock, 1180 error during commit, 3572 NOWAIT.
_TRANSIENT = frozenset({1205, 1213, 1180, 3572})
_DUPLICATE = 1062
# Refusals of a value whose SQLSTATE is not of class 22 (data) or 23 (constraint): 1118 row too large, 1153 packet too
# large, 1265 truncated, 1300 invalid string, 1366 incorrect value, 1411 incorrect value for a function, 1690 out of
# range, 3819 and 4025 check constraint. Not 1364, no default: it means that table and projection do not match.
_POISON = frozenset({1118, 1153, 1265, 1300, 1366, 1411, 1690, 3819, 4025})


def verdict(error: Exception) -> Verdict:
    """Classify an error that was raised while records were written."""
    if isinstance(error, Poisonous):
        return Verdict.POISON
    if isinstance(error, NotConnected) or is_lost(error) or is_read_only(error):
        return Verdict.TRANSIENT
    code = error_code(error)
    if code is None:  # neither the record nor the server caused it
        return Verdict.ENVIRONMENT
    if code == _DUPLICATE:
        return Verdict.DUPLICATE
    if code in _TRANSIENT:
        return Verdict.TRANSIENT
    state = getattr(error, "sqlstate", None) or ""
    return Verdict.POISON if code in _POISON or state[:2] in ("22", "23") else Verdict.ENVIRONMENT
