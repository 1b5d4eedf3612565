"""A writer that becomes read-only, as in a failover: the projector waits, drops its connection, finds the new one."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pymysql
import pytest
from msgspec.structs import replace

from chalicelib.core.mysql.connections import Pool, connect
from chalicelib.core.service import Head
from local.mariadb import USER
from tests.core.faults.form import form
from tests.core.faults.servers import Pair, catch_up, execute, replicated
from tests.core.histories import fold, head, record, sequence_of, transfer_state
from tests.core.projecting import Projector
from tests.core.reading import base_tables, query, summaries
from tests.support.proxy import Proxy, through
from tests.support.waiting import PATIENT_SECONDS, eventually

pytestmark = pytest.mark.slow

Make = Callable[..., Projector]
FAILOVERS = form(2, 20)


def transfer(id: str, version: int = 1, status: str = "accepted") -> tuple[str, Head]:
    """A commit of a transfer."""
    return "transfers", head(id, version, transfer_state(status))


@contextmanager
def read_only(url: str) -> Iterator[None]:
    """The server refuses to write, to whoever has no right to do so all the same."""
    execute(url, "SET GLOBAL read_only = 1")
    try:
        yield
    finally:
        execute(url, "SET GLOBAL read_only = 0")


@pytest.fixture
def plain_user(database: str) -> Iterator[str]:
    """The read model's URL for a user with no more rights than the projector has when deployed."""
    name = f"plain_{secrets.token_hex(4)}"
    execute(database, f"CREATE USER '{name}'@'%'")
    parts = urlsplit(database)
    execute(database, f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{parts.path[1:]}`.* TO '{name}'@'%'")
    yield parts._replace(netloc=f"{name}@{parts.hostname}:{parts.port}").geturl()
    execute(database, f"DROP USER '{name}'@'%'")


def test_a_writer_that_is_read_only_for_a_while(database: str, plain_user: str, make_projector: Make) -> None:
    """The batch is tried again on a new connection each time, and is through as soon as the server writes."""
    opened: list[int] = []

    def open_one() -> object:
        connection = connect(plain_user)
        opened.append(connection.thread_id())
        return connection

    projector = make_projector(open_one)
    assert projector([record(*transfer("tra_1"))]) == []
    projector.deps = replace(projector.deps, sleep=time.sleep)
    with ThreadPoolExecutor(1) as threads:
        with read_only(database):
            outcome = threads.submit(projector, [record(*transfer("tra_1", 2)), record(*transfer("tra_2"))])
            assert eventually(lambda: len(opened) >= 3)
            assert query(database, "SELECT id, version FROM transfers") == [("tra_1", 1)]
        assert outcome.result(PATIENT_SECONDS) == []
    assert len(set(opened)) == len(opened) >= 3
    assert not projector.dead.letters
    assert base_tables(database) == fold([transfer("tra_1"), transfer("tra_1", 2), transfer("tra_2")])


def test_a_writer_that_stays_read_only(database: str, plain_user: str, make_projector: Make) -> None:
    """Out of time, the batch comes again from its first record; nothing is set aside."""
    projector = make_projector(lambda: connect(plain_user), 0)
    batch = [record(*transfer("tra_1")), record(*transfer("tra_2"))]
    with read_only(database):
        assert projector(batch) == [sequence_of(batch[0])]
    assert not projector.dead.letters
    assert projector(batch) == []
    assert base_tables(database) == fold([transfer("tra_1"), transfer("tra_2")])


def test_a_pool_whose_server_is_read_only(database: str, plain_user: str) -> None:
    """The check's connection, which writes too, is not lent again either."""
    pool = Pool(plain_user)
    seen = []
    with read_only(database):
        for _ in range(2):
            with pytest.raises(pymysql.err.MySQLError), pool.connection() as connection:  # noqa: PT012
                seen.append(connection.thread_id())
                connection.query("DELETE FROM heartbeats")
    pool.close()
    assert len(set(seen)) == 2


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, own_servers: None) -> Iterator[Pair]:
    """A writer and a replica of its own."""
    with replicated(tmp_path_factory.mktemp("pair")) as pair:
        yield pair


def fail_over(pair: Pair, proxy: Proxy) -> Pair:
    """Make the replica the writer, as a managed failover does: old connections live on, to a server that reads."""
    execute(pair.writer_url, "SET GLOBAL read_only = 1")
    catch_up(pair)
    execute(pair.replica_url, "STOP SLAVE")
    execute(pair.replica_url, "SET GLOBAL read_only = 0")
    proxy.switch(pair.replica.port)
    return Pair(pair.replica, pair.writer)


def come_back(pair: Pair) -> None:
    """Have the old writer follow the new one."""
    execute(
        pair.replica_url,
        f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={pair.writer.port}, MASTER_USER='{USER}',"
        f" MASTER_PASSWORD='{pair.writer.password()}', MASTER_USE_GTID=current_pos",
    )
    execute(pair.replica_url, "START SLAVE")


def test_failing_over_under_load(pair: Pair, tmp_path: Path) -> None:
    """From one server to the other and back, again and again, while records come: each is there in the end, once."""
    for server in pair:
        execute(server.server_url, "CREATE USER IF NOT EXISTS projector@'%'")
        execute(server.server_url, "GRANT SELECT, INSERT, UPDATE, DELETE ON tributary.* TO projector@'%'")
    proxy = Proxy(pair.writer.port)
    url = through(proxy, pair.writer_url.replace(f"{USER}:{pair.writer.password()}@", "projector@"))
    projector = Projector(url)
    projector.deps = replace(projector.deps, sleep=time.sleep)
    ended, commits = threading.Event(), []

    def load() -> None:
        version = 0
        while not ended.is_set():
            version += 1
            batch = [transfer(f"tra_{number}", version, "settled") for number in range(20)]
            commits.extend([*batch, transfer(f"tra_new{version}")])
            assert projector([record(*commit) for commit in commits[-21:]]) == []
        projector.writer.close()

    with ThreadPoolExecutor(1) as threads:
        loading = threads.submit(load)
        try:
            for _ in range(FAILOVERS):
                before = len(commits)
                assert eventually(lambda before=before: len(commits) > before + 100 or loading.done())
                pair = fail_over(pair, proxy)
                come_back(pair)
        finally:
            ended.set()
        loading.result(PATIENT_SECONDS)
    proxy.close()
    catch_up(pair)
    for server in (pair.writer_url, pair.replica_url):
        assert base_tables(server) == fold(commits)
        kept, sums = summaries(server)
        assert kept == sums
    assert not projector.dead.letters
