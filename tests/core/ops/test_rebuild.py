"""During a rebuild, nothing is lost, no query shows less than before, and no kill does harm."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector import Writer
from chalicelib.core.service import Service
from ops.failing import OpsError
from ops.rebuild import tables
from ops.rebuild.control import alone
from ops.rebuild.run import RebuildJob, RebuildResult, abandon, rebuild
from tests.core.gates import Gate, Hook, gated, once
from tests.core.histories import SERVICES, fold
from tests.core.ops.world import Commit, World, account, quiet, transfer
from tests.core.reading import base_tables, summaries, until_waiting_for_a_lock
from tests.support.waiting import PATIENT_SECONDS

pytestmark = pytest.mark.slow

COMMITS: list[Commit] = [
    *(transfer(f"tra_{number}", 1, "requested") for number in range(40)),
    *(transfer(f"tra_{number}", 2, "accepted") for number in range(20)),
    *(account(number) for number in "ABC"),
    account("C", 2, deleted=True),
]


class Killed(BaseException):
    """The end of a process between two statements."""


@pytest.fixture(autouse=True)
def _no_leftovers(world: World) -> Iterator[None]:
    """Remove everything that a test leaves: new tables, and a rebuild under way."""
    yield
    for (name,) in world.sql("SHOW TABLES LIKE '%\\_\\_%'"):
        world.sql(f"DROP TABLE {name}")
    world.sql("DELETE FROM generations")


def plan(world: World, connection: Callable[[], Any] | None = None, services: Sequence[Service] = ()) -> RebuildJob:
    """Rebuild all services."""
    return RebuildJob(
        services=services or list(SERVICES.values()),
        table_of=world.tables.name,
        dynamodb=world.tables.client,
        connect=connection or (lambda: connect(world.url)),
        phase=quiet,
        segments=2,
        settle_seconds=0.0,
        sleep=lambda _: time.sleep(0.01),
    )


def right(world: World, commits: Sequence[Commit]) -> None:
    """Check that tables equal the fold, summaries equal the sums, and nothing of the rebuild is left."""
    assert base_tables(world.url) == fold(commits)
    kept, sums = summaries(world.url)
    assert kept == sums
    assert world.sql("SHOW TABLES LIKE '%\\_\\_%'") == ()
    assert world.sql("SELECT * FROM rebuilds") == ()
    assert {building for (building,) in world.sql("SELECT building FROM generations")} <= {None}


def test_at_rest(world: World) -> None:
    """The rows are right again, and the timeline stays."""
    world.commit(*COMMITS)
    world.sql("UPDATE transfers SET volume = 1, version = 9")
    world.sql("DELETE FROM owner_activity")
    outcome = rebuild(plan(world))
    assert (outcome.swapped, outcome.items) == (True, 43)
    right(world, COMMITS)


def test_one_service(world: World) -> None:
    """The other services' tables are not changed."""
    world.commit(*COMMITS)
    world.sql("UPDATE transfers SET volume = 1")
    world.sql("UPDATE accounts SET balance = 1")
    assert rebuild(plan(world, services=[SERVICES["test-accounts"]])).services == ["accounts"]
    assert world.sql("SELECT DISTINCT balance FROM accounts") == ((0,),)
    assert world.sql("SELECT DISTINCT volume FROM transfers") == ((1,),)


def test_while_everything_runs(world: World) -> None:
    """During several rebuilds with commands and queries, no query sees less than before, and no write is missing."""
    world.commit(*COMMITS)
    ended, written = threading.Event(), list(COMMITS)

    def write(number: int) -> None:
        writer = World(world.tables, world.url)
        version = 0
        while not ended.is_set():
            version += 1
            batch = [transfer(f"tra_w{number}_{version}"), transfer(f"tra_v{number}", version, "settled")]
            writer.commit(*batch)
            written.extend(batch)
        writer.close()

    def read() -> int:
        seen = looks = 0
        connection = connect(world.url)
        while not ended.is_set():
            try:
                with connection.cursor() as cursor:
                    cursor.execute("START TRANSACTION READ ONLY")
                    cursor.execute("SELECT COUNT(*) FROM transfers")
                    (transfers,) = cursor.fetchone() or (0,)
                    cursor.execute("SELECT COUNT(DISTINCT transfer_id) FROM transfer_legs")
                    assert cursor.fetchone() == (transfers,)
                    cursor.execute("COMMIT")
            except Exception as error:
                if error.args[0] != 1213:  # the queries' own endpoint asks again
                    raise
                connection.rollback()
                continue
            assert transfers >= seen
            seen, looks = transfers, looks + 1
        connection.close()
        return looks

    with ThreadPoolExecutor(4) as threads:
        work = [threads.submit(write, number) for number in range(2)] + [threads.submit(read) for _ in range(2)]
        try:
            for _ in range(3):
                outcome = rebuild(replace(plan(world), settle_seconds=2.0))
                assert outcome.swapped, outcome
        finally:
            ended.set()
        for future in work:
            future.result(PATIENT_SECONDS)
    right(world, written)


def test_a_transaction_begun_before(world: World) -> None:
    """The rebuild waits for it before the scan, so that its rows are in the new tables as well."""
    world.commit(*COMMITS)
    late = [transfer("tra_late"), transfer("tra_1", 3, "settled")]
    held, go_on = threading.Event(), threading.Event()

    def hold(_: Gate) -> None:
        held.set()
        until_waiting_for_a_lock(world.url)
        go_on.set()

    before = World(world.tables, world.url)
    make = gated(world.url, once("COMMIT", hold))
    before.writer = Writer(make)
    with ThreadPoolExecutor(2) as threads:
        # Its items were there before the scan, or no table would get them.
        world.write(*late)
        writing = threads.submit(before.project, *late)
        assert held.wait(PATIENT_SECONDS)
        building = threads.submit(rebuild, plan(world))
        assert writing.result(PATIENT_SECONDS) == []
        assert building.result(PATIENT_SECONDS).swapped
    assert go_on.is_set()
    before.close()
    right(world, [*COMMITS, *late])


def test_what_is_committed_during_the_scan(world: World) -> None:
    """The stream feeds both sets of tables: new, changed and redelivered items, before and after the scan."""
    world.commit(*COMMITS)
    late = [transfer("tra_late"), transfer("tra_1", 3, "settled"), transfer("tra_30", 2, "accepted"), account("B", 2)]

    def commit(_: Gate) -> None:
        other = World(world.tables, world.url)
        other.commit(*late)
        other.project(*late, *COMMITS[:5])
        other.close()

    outcome = rebuild(plan(world, gated(world.url, once("INSERT INTO transfers__next", commit))))
    assert outcome.swapped, outcome
    right(world, [*COMMITS, *late])


def test_indexes_are_added_after_the_scan(world: World) -> None:
    """A scan fills tables without secondary indexes. They are added afterwards, while commits come in."""
    world.commit(*COMMITS)
    before, filled = world.sql("SHOW CREATE TABLE transfers"), []
    late = [transfer("tra_late"), transfer("tra_1", 3, "settled")]

    def look(_: Gate) -> None:
        filled.append(world.sql("SHOW CREATE TABLE transfers__next")[0][1])

    def commit(_: Gate) -> None:
        World(world.tables, world.url).commit(*late)

    look_once, commit_once = once("UPDATE rebuilds SET items", look), once("ALTER TABLE transfers__next ADD", commit)

    def hook(gate: Gate, statement: str) -> None:
        look_once(gate, statement)
        commit_once(gate, statement)

    assert rebuild(plan(world, gated(world.url, hook))).swapped
    assert filled
    assert "\n  KEY" not in filled[0]
    assert world.sql("SHOW CREATE TABLE transfers") == before
    right(world, [*COMMITS, *late])


POINTS = [
    "CREATE TABLE transfers__next",
    "ALTER TABLE transfers__next DROP KEY",
    "INSERT INTO rebuilds",
    "UPDATE generations",
    "INSERT INTO accounts__next",
    "INSERT INTO transfer_legs__next",
    "UPDATE rebuilds SET items",
    "ALTER TABLE transfers__next ADD KEY",
    "CREATE TABLE generations__next",
    "INSERT INTO generations__next",
    "RENAME TABLE",
    "DROP TABLE transfers__old",
    "DELETE FROM rebuilds",
    "DROP TABLE generations__old",
]


def before(start: str) -> Hook:
    """Return a hook that kills the rebuild before the first such statement, if it was begun."""

    def kill(_: Gate) -> None:
        raise Killed

    return once(start, kill)


def after(start: str) -> Hook:
    """Return a hook that kills the rebuild after the first such statement."""

    def kill(gate: Gate) -> None:
        raise Killed

    left = [True]

    def hook(gate: Gate, statement: str) -> None:
        if left and statement.startswith(start):
            left.pop()
            gate.real.query(statement)
            kill(gate)

    return hook


@pytest.mark.parametrize("kill", [before, after])
@pytest.mark.parametrize("point", POINTS)
def test_killed(world: World, point: str, kill: Callable[[str], Hook]) -> None:
    """The tables in use stay and are fed. Then the rebuild is resumed, or begun again if it had not begun."""
    world.commit(*COMMITS)
    hook = kill(point)
    with pytest.raises(Killed):
        rebuild(plan(world, gated(world.url, hook)))
    late = [transfer("tra_late"), transfer("tra_1", 3, "settled")]
    world.commit(*late)
    assert base_tables(world.url) == fold([*COMMITS, *late])
    assert go_on(world).swapped
    right(world, [*COMMITS, *late])


def go_on(world: World) -> RebuildResult:
    """Resume the rebuild, or begin again if nothing was begun."""
    if tables.building(world.connection) or tables.is_swapped(world.connection):
        return rebuild(plan(world), resume=True)
    with pytest.raises(OpsError, match="no rebuild to resume"):
        rebuild(plan(world), resume=True)
    return rebuild(plan(world))


def test_the_server_ends_what_a_killed_rebuild_began(world: World) -> None:
    """It adds the indexes after the resumed rebuild has seen that they lack. The rebuild goes on with those."""
    world.commit(*COMMITS)
    with pytest.raises(Killed):
        rebuild(plan(world, gated(world.url, before("ALTER TABLE transfers__next ADD KEY"))))
    ended = []

    def end(gate: Gate, statement: str) -> None:
        if not ended and statement.startswith("ALTER TABLE transfers__next ADD KEY"):
            ended.append(gate.real.query(statement))

    assert rebuild(plan(world, gated(world.url, end)), resume=True).swapped
    assert ended
    right(world, COMMITS)


def test_a_scan_goes_on_where_it_stopped(world: World) -> None:
    """Finished parts are not read again."""
    world.commit(*COMMITS)
    with pytest.raises(Killed):
        rebuild(plan(world, gated(world.url, before("CREATE TABLE generations__next"))))
    assert {finished for (finished,) in world.sql("SELECT finished FROM rebuilds")} == {1}
    outcome = rebuild(plan(world), resume=True)
    assert (outcome.items, outcome.swapped) == (0, True)
    right(world, COMMITS)


def test_only_one_at_a_time(world: World) -> None:
    """A second rebuild is refused, and so is a new one while another waits to be resumed."""
    world.commit(*COMMITS)
    refused: list[str] = []

    def try_another(_: Gate) -> None:
        with pytest.raises(OpsError) as error:
            rebuild(plan(world))
        refused.append(str(error.value))
        raise Killed

    with pytest.raises(Killed):
        rebuild(plan(world, gated(world.url, once("CREATE TABLE generations__next", try_another))))
    assert "is running" in refused[0]
    with pytest.raises(OpsError, match="was begun and has not ended"):
        rebuild(plan(world))


def test_abandoned(world: World) -> None:
    """The tables in use stay, the new ones are removed, and the projector writes one set again."""
    world.commit(*COMMITS)
    with pytest.raises(Killed):
        rebuild(plan(world, gated(world.url, before("CREATE TABLE generations__next"))))
    assert sorted(abandon(plan(world))) == sorted(service.name for service in SERVICES.values())
    world.commit(transfer("tra_late"))
    right(world, [*COMMITS, transfer("tra_late")])
    assert abandon(plan(world)) == []


def test_what_cannot_be_shown(world: World) -> None:
    """The old tables stay in use. After the fix, the rebuild is resumed."""
    world.commit(*COMMITS)
    bad = transfer("tra_1", 3, "settled", reason="x" * 501)
    world.commit(bad)
    outcome = rebuild(plan(world))
    assert not outcome.swapped
    assert [refused.id for refused in outcome.refused] == ["tra_1"]
    assert world.sql("SELECT version FROM transfers WHERE id = 'tra_1'") == ((2,),)
    good = transfer("tra_1", 4, "settled")
    world.commit(good)
    assert rebuild(plan(world), resume=True).swapped
    right(world, [*COMMITS, good, ("transfers", structs.replace(bad[1], state=good[1].state))])


def test_a_swap_waits_for_readers(world: World) -> None:
    """A long query delays the swap and is not disturbed. The swap gives up and tries again."""
    world.commit(*COMMITS)
    reader = connect(world.url)
    tries: list[bool] = []

    def sleep(_seconds: float) -> None:
        tries.append(True)
        reader.rollback()

    reader.query("START TRANSACTION READ ONLY")
    with reader.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM transfers")
        assert rebuild(replace(plan(world), sleep=sleep)).swapped
        cursor.execute("SELECT COUNT(*) FROM transfers")
        assert cursor.fetchone() == (40,)
    reader.close()
    assert tries
    right(world, COMMITS)


class Slow:
    """Return phases in which a thread takes that long for its first page."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.seen: list[str] = []

    @contextmanager
    def __call__(self, what: str, _total: int | None) -> Iterator[Any]:
        """A phase."""

        def advance(_count: int) -> None:
            if what not in self.seen:
                self.seen.append(what)
                time.sleep(self._seconds)

        yield advance


def impatient(url: str) -> Callable[[], Any]:
    """Return a function that opens connections. The server drops the first, with the lock, after a silent second."""
    seconds = iter([1])

    def make() -> Any:
        connection = connect(url)
        connection.query(f"SET SESSION wait_timeout = {next(seconds, 600)}")
        return connection

    return make


def test_a_scan_longer_than_the_server_waits(world: World) -> None:
    """The connection with the lock is not dropped as idle, neither by the scan nor by the verification."""
    world.commit(*COMMITS)
    slow = Slow(2.5)
    patience = replace(plan(world, impatient(world.url), [SERVICES["test-transfers"]]), silence_seconds=0.3, phase=slow)
    assert rebuild(patience).swapped
    assert {"transfers: scan", "transfers: items"} <= set(slow.seen)
    right(world, COMMITS)


@pytest.mark.parametrize("where", ["transfers: scan", "transfers: items"])
def test_a_lost_lock(world: World, where: str) -> None:
    """If the connection with the lock is killed, the rebuild ends soon and says how to go on. The old tables stay."""
    world.commit(*COMMITS)
    holders: list[int] = []
    killed = threading.Lock()

    def make() -> Any:
        connection = connect(world.url)
        holders.append(connection.thread_id())
        return connection

    @contextmanager
    def phase(what: str, _total: int | None) -> Iterator[Any]:
        def advance(_count: int) -> None:
            if what == where and killed.acquire(blocking=False):
                world.sql(f"KILL {holders[0]}")
                time.sleep(1)

        yield advance

    with pytest.raises(OpsError, match="lost its lock") as lost:
        rebuild(replace(plan(world, make), silence_seconds=0.1, phase=phase))
    assert "--resume" in lost.value.hint
    assert world.sql("SHOW TABLES LIKE 'generations\\_\\_old'") == ()
    late = transfer("tra_late")
    world.commit(late)
    assert base_tables(world.url) == fold([*COMMITS, late])
    assert rebuild(plan(world), resume=True).swapped
    right(world, [*COMMITS, late])


def test_lost_on_the_way(world: World) -> None:
    """If a connection ends between two steps, even the lock's, the error says what to do, and is the first one."""
    world.commit(*COMMITS)

    def kill(gate: Gate) -> None:
        world.sql(f"KILL {gate.real.thread_id()}")

    with pytest.raises(OpsError, match="read model was lost") as lost:
        rebuild(plan(world, gated(world.url, once("CREATE TABLE generations__next", kill))))
    assert "--resume" in lost.value.hint
    assert rebuild(plan(world), resume=True).swapped
    right(world, COMMITS)


def test_the_lock_is_of_the_database(world: World) -> None:
    """The lock is taken and given back."""
    for _ in range(2):
        connection = connect(world.url)
        with alone(connection):
            pass
        connection.close()
