"""The projector's connection to the writer, and the loop that tries a transaction until it is through."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from chalicelib.core.backoff import pause_seconds
from chalicelib.core.mysql.connections import error_code, is_read_only, limit_lock_waits
from chalicelib.core.projector.failures import NotConnected, Verdict, verdict
from chalicelib.core.streams.batches import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, GaveUp
from chalicelib.core.streams.poison import Poisonous
from chalicelib.core.telemetry import log
from chalicelib.core.telemetry.error_text import error_text

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

T = TypeVar("T")

# What is left for reporting the failure before Lambda ends the function.
_MARGIN_MS = 3000
# Each redo finds the row that was in its way; a key that is refused every time is no race.
_REDOS = 10
_ENVIRONMENT_ATTEMPTS = 3


class Writer:
    """Connections to the writer, one a thread, kept between invocations.

    Args:
        connect: opens a connection in autocommit mode, as `connect` in core/mysql/connections.py does.
    """

    def __init__(self, connect: Callable[[], "Connection[Cursor]"]) -> None:
        self._connect = connect
        self._local = threading.local()

    def connection(self) -> "Connection[Cursor]":
        """The connection of this thread, at READ COMMITTED.

        Raises:
            NotConnected: none can be had.
        """
        connection: Connection[Cursor] | None = getattr(self._local, "connection", None)
        if connection is None:
            try:
                connection = self._connect()
                connection.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
                limit_lock_waits(connection)
            except Exception as error:
                raise NotConnected(error_text(error)) from error
            self._local.connection = connection
        return connection

    def close(self) -> None:
        """Close this thread's connection; the next use opens another."""
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            connection._force_close()

    def roll_back(self, error: Exception) -> None:
        """Leave the transaction in which an error was raised, by closing the connection where nothing else works.

        Closed as well if the server has become read-only: its address may lead to another one by now. And closed where
        neither the server nor the record explains the error: part of an answer may be unread, and would be taken for
        the answer to the next statement.
        """
        connection = getattr(self._local, "connection", None)
        if connection is None:
            return
        if is_read_only(error) or not (isinstance(error, Poisonous) or error_code(error)):
            self.close()
            return
        try:
            connection.rollback()
        except Exception:
            self.close()


class Attempts:
    """Tries transactions again and again while errors may pass and there is time.

    Args:
        writer: whose connection is used.
        remaining_ms: milliseconds until the function is ended.
        sleep: waits that many seconds.
    """

    def __init__(
        self,
        writer: Writer,
        remaining_ms: Callable[[], float],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._writer = writer
        self._remaining_ms = remaining_ms
        self._sleep = sleep

    def run(self, work: Callable[["Connection[Cursor]"], T]) -> T:
        """Do a transaction's work, as often as it takes; the work commits itself.

        Raises:
            Poisonous: the records cannot be projected or encoded, or their values are refused, and will be for ever.
            GaveUp: any other error, after some attempts or once the time is up.
        """
        failed: Counter[Verdict] = Counter()
        while True:
            if failed:
                log.count("ProjectorRetries")
            try:
                return work(self._writer.connection())
            except Exception as error:
                self._writer.roll_back(error)
                kind = verdict(error)
                failed[kind] += 1
                self._wait(error, kind, failed)
            except BaseException:
                # The next START TRANSACTION would commit what is half done.
                self._writer.close()
                raise

    def _wait(self, error: Exception, kind: Verdict, failed: Counter[Verdict]) -> None:
        """Wait for the next attempt, or raise what ends them; errors of each kind are counted by themselves."""
        attempt = failed.total()
        if isinstance(error, Poisonous):
            raise error
        if kind is Verdict.POISON or (kind is Verdict.DUPLICATE and failed[kind] >= _REDOS):
            raise Poisonous(error_text(error)) from error
        if kind is Verdict.DUPLICATE:
            return
        pause = pause_seconds(attempt, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        out_of_time = self._remaining_ms() - pause * 1000 < _MARGIN_MS
        if out_of_time or (kind is Verdict.ENVIRONMENT and failed[kind] >= _ENVIRONMENT_ATTEMPTS):
            raise GaveUp(f"after {attempt} attempts: {error_text(error)}") from error
        log.warning("projector: trying again", attempt=attempt, kind=kind.name.lower(), error=error_text(error))
        self._sleep(pause)
