"""The connection that holds a rebuild's lock: kept from being dropped as idle, and missed when it is gone.

The lock ends with the connection, without a word. RDS Proxy drops a client that is silent for half an hour
(IdleClientTimeout), MySQL one that is for its wait_timeout; a scan takes longer.
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
    """Raised in a task, since another one failed or the lock is lost."""


class Control:
    """A connection that holds the lock of this read model's rebuild.

    Args:
        connection: to the writer.
        lock: the lock's name, as a literal.
        silence_seconds: how long the connection may be silent while tasks run.
    """

    def __init__(self, connection: "Connection[Cursor]", lock: str, silence_seconds: float) -> None:
        self._connection = connection
        self._lock = lock
        self._silence_seconds = silence_seconds
        self._stopping = threading.Event()

    def check(self) -> None:
        """See that the lock is still held.

        Raises:
            OpsError: it is not, so that another rebuild may have begun to do the same.
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
                "The old tables serve on. `python -m ops rebuild --resume` goes on, --abandon drops it.",
            )

    def attend(self, tasks: Sequence[Callable[[], T]]) -> list[T]:
        """Run tasks, each in a thread, and check the lock again and again until all are through.

        When one fails, or the lock is lost, the others are stopped where they call `go_on`.

        Raises:
            OpsError: the lock was lost.
            Exception: what the first task that failed raised.
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
        """Whether the tasks are to end."""
        return self._stopping.is_set()

    def go_on(self) -> None:
        """Called by tasks between two steps.

        Raises:
            Stopped: the task is to end here.
        """
        if self.stopping:
            raise TaskStopped


@contextmanager
def alone(connection: "Connection[Cursor]", silence_seconds: float = SILENCE_SECONDS) -> Iterator[Control]:
    """Hold the lock that keeps a second rebuild of this read model out; it ends with the connection.

    Args:
        connection: to the writer.
        silence_seconds: see `Control`.

    Raises:
        OpsError: another one holds it.
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
    """Give the lock back; where the connection is gone, so is the lock, and that shall not hide what went before."""
    try:
        fetch_one(connection, f"SELECT RELEASE_LOCK({lock})")
    except Exception as error:
        if not is_lost(error):
            raise
