"""The connection that holds a rebuild's lock. It is kept active, and its loss is noticed.

The lock ends with the connection, without any message. RDS Proxy drops a client that is silent for half an hour
(IdleClientTimeout), and MySQL one that is silent for its wait_timeout. A scan takes longer.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from chalicelib.core.mysql.connections import is_lost
from chalicelib.core.projector import sql
from ops.failing import OpsError
from ops.rebuild.tables import fetch_one

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

T = TypeVar("T")
SILENCE_SECONDS = 30.0


class TaskStopped(Exception):
    """A task has to end, because another task failed or the lock was lost."""


class Control:
    """A connection that holds the lock of this read model's rebuild.

    Args:
        connection: a connection to the writer.
        lock: the lock's name, as an SQL literal.
        silence_seconds: how long the connection may be silent while tasks run.
    """

    def __init__(self, connection: "Connection[Cursor]", lock: str, silence_seconds: float) -> None:
        self._connection = connection
        self._lock = lock
        self._silence_seconds = silence_seconds
        self._stopping = threading.Event()

    def check(self) -> None:
        """Check that the lock is still held.

        Raises:
            OpsError: the lock was lost, so another rebuild may have begun.
        """
        try:
            held = fetch_one(self._connection, f"SELECT IS_USED_LOCK({self._lock}) = CONNECTION_ID()") == (1,)
            why = "the connection that took it has ended"
        except Exception as error:
            if not is_lost(error):
                raise
            held, why = False, str(error)
        if not held:
            raise OpsError(
                f"The rebuild has lost its lock, and another may have begun: {why}",
                "The old tables stay in use. `python -m ops rebuild --resume` continues it, --abandon drops it.",
            )

    def attend(self, tasks: Sequence[Callable[[], T]]) -> list[T]:
        """Run tasks, each in a thread, and keep checking the lock until all have ended.

        If a task fails, or the lock is lost, the other tasks end at their next call of `go_on`.

        Raises:
            OpsError: the lock was lost.
            Exception: the error of the first task that failed.
        """
        with ThreadPoolExecutor(max(1, len(tasks)), thread_name_prefix="rebuild") as threads:
            futures = [threads.submit(task) for task in tasks]
            try:
                left = set(futures)
                while left:
                    done, left = wait(left, timeout=self._silence_seconds, return_when=FIRST_EXCEPTION)
                    for future in done:
                        future.result()
                    self.check()
            except BaseException:
                self._stopping.set()
                raise
        return [future.result() for future in futures]

    @property
    def stopping(self) -> bool:
        """Whether the tasks have to end."""
        return self._stopping.is_set()

    def go_on(self) -> None:
        """Tasks call this between two steps.

        Raises:
            TaskStopped: the task has to end here.
        """
        if self.stopping:
            raise TaskStopped


@contextmanager
def alone(connection: "Connection[Cursor]", silence_seconds: float = SILENCE_SECONDS) -> Iterator[Control]:
    """Hold the lock that prevents a second rebuild of this read model. It ends with the connection.

    Args:
        connection: a connection to the writer.
        silence_seconds: see `Control`.

    Raises:
        OpsError: another rebuild holds the lock.
    """
    (name,) = fetch_one(connection, "SELECT CONCAT('tributary-rebuild-', LEFT(SHA2(DATABASE(), 256), 32))") or ("",)
    lock = sql.text_literal(name)
    if fetch_one(connection, f"SELECT GET_LOCK({lock}, 0)") != (1,):
        raise OpsError("Another rebuild of this read model is running.", "`python -m ops status` shows how far it is.")
    try:
        yield Control(connection, lock, silence_seconds)
    finally:
        _release(connection, lock)


def _release(connection: "Connection[Cursor]", lock: str) -> None:
    """Release the lock. If the connection is lost, so is the lock, and its error must not hide an earlier one."""
    try:
        fetch_one(connection, f"SELECT RELEASE_LOCK({lock})")
    except Exception as error:
        if not is_lost(error):
            raise
