"""Two private MariaDB servers, the second a replica of the first, even if TEST_DATABASE_URL names another server."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from pymysql.cursors import DictCursor

from chalicelib.core.mysql.connections import connect
from local.mariadb import USER, MariaDB, with_database
from local.ports import LOOPBACK, free_port, wait_until
from tests.support.domain import NEUTRAL
from tests.support.waiting import PATIENT_SECONDS


class Pair(NamedTuple):
    """A writer and its replica, with the URLs of the read model's database."""

    writer: MariaDB
    replica: MariaDB

    @property
    def writer_url(self) -> str:
        """The URL to which the projector writes."""
        return with_database(self.writer.server_url, "tributary")

    @property
    def replica_url(self) -> str:
        """The URL from which queries read."""
        return with_database(self.replica.server_url, "tributary")


@contextmanager
def replicated(folder: Path) -> Iterator[Pair]:
    """Yield a migrated read model on a writer, and a replica that follows it."""
    options = ("--log-bin=log", "--binlog-format=ROW", "--skip-slave-start")
    pair = Pair(
        MariaDB(folder / "writer", free_port(), options=(*options, "--server-id=1")),
        MariaDB(folder / "replica", free_port(), options=(*options, "--server-id=2", "--read-only=1")),
    )
    try:
        for server in pair:
            server.start()
        follow(pair.replica, pair.writer)
        NEUTRAL.migrate(pair.writer_url)
        catch_up(pair)
        yield pair
    finally:
        for server in pair:
            server.stop()


def follow(replica: MariaDB, writer: MariaDB, delay: int = 0) -> None:
    """Make a server apply another server's log, so many seconds later."""
    execute(replica.server_url, "STOP SLAVE")
    execute(
        replica.server_url,
        f"CHANGE MASTER TO MASTER_HOST='{LOOPBACK}', MASTER_PORT={writer.port}, MASTER_USER='{USER}',"
        f" MASTER_PASSWORD='{writer.password()}', MASTER_USE_GTID=slave_pos, MASTER_DELAY={delay}",
    )
    execute(replica.server_url, "START SLAVE")


def catch_up(pair: Pair) -> None:
    """Wait until the replica has applied all of the writer's log."""
    ((position,),) = execute(pair.writer.server_url, "SELECT @@gtid_binlog_pos")
    assert wait_until(
        lambda: execute(pair.replica.server_url, f"SELECT MASTER_GTID_WAIT('{position}', 1)") == [(0,)],
        PATIENT_SECONDS,
    ), status(pair.replica)


def status(replica: MariaDB) -> dict[str, Any]:
    """Return the status of the replication."""
    connection = connect(replica.server_url)
    try:
        with connection.cursor(DictCursor) as cursor:
            cursor.execute("SHOW SLAVE STATUS")
            return dict(cursor.fetchone() or {})
    finally:
        connection.close()


def execute(url: str, statement: str) -> list[Any]:
    """Run a statement in a connection of its own, and return its rows."""
    connection = connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())
    finally:
        connection.close()
