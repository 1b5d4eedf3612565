"""The faults that a soak causes in a stack."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from chalicelib.core.mysql.connections import connect
from local.mariadb import MariaDB
from local.ministack import MiniStack


class Faults:
    """A cause of random faults, one after the other.

    Attributes:
        done: the number of times of each fault.
    """

    def __init__(self, mysql: MariaDB, ministack: MiniStack, chance: random.Random) -> None:
        self._mysql = mysql
        self._ministack = ministack
        self._chance = chance
        self.done: Counter[str] = Counter()
        self._kinds: dict[str, Callable[[], None]] = {
            "mariadbd killed with -9 and started again": self._kill,
            "mariadbd held for seconds (SIGSTOP)": self._hold_mysql,
            "every connection to MySQL killed": self._kill_connections,
            "the write store held for seconds (SIGSTOP)": self._hold_ministack,
        }

    def strike(self) -> None:
        """Cause one of the faults."""
        name = self._chance.choice(list(self._kinds))
        self._kinds[name]()
        self.done[name] += 1

    def _kill(self) -> None:
        self._mysql.child.kill()
        time.sleep(self._chance.uniform(0, 3))
        self._mysql.start()

    def _hold_mysql(self) -> None:
        self._hold(self._mysql.child.pid)

    def _hold_ministack(self) -> None:
        self._hold(self._ministack.child.pid)

    def _hold(self, pid: int | None) -> None:
        assert pid
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(self._chance.uniform(1, 5))
        finally:
            os.kill(pid, signal.SIGCONT)

    def _kill_connections(self) -> None:
        connection = connect(self._mysql.server_url)
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user <> ''")
            for (number,) in cursor.fetchall():
                with suppress(Exception):  # it may have ended by itself, or be the server's own
                    cursor.execute(f"KILL {number}")
        connection.close()
