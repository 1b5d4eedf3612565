"""The command line: its output for people and programs, and its failures."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import pytest

from chalicelib.core.mysql.connections import connect, parse_url
from chalicelib.core.mysql.migrate import read_migrations
from chalicelib.core.mysql.users import WRITES, ensure_user
from tests.core.bootstrap import MIGRATIONS
from tests.core.ops.world import STATUS, World, transfer
from tests.support.waiting import PATIENT_SECONDS, eventually


def test_verify(world: World) -> None:
    """Agreement is one sentence. Drift is a table and an exit code. A repair says what it did."""
    world.commit(transfer("tra_1"), transfer("tra_2"))
    done = world.ops("verify", "--settle", "0")
    assert done.code == 0
    assert "2 items and 2 rows" in done.out
    assert "agree" in done.out
    world.sql("UPDATE transfers SET volume = 1 WHERE id = 'tra_1'")
    drifting = world.ops("verify", "--settle", "0", "--service", "transfers")
    assert drifting.code == 1
    assert "tra_1" in drifting.out
    assert "--repair" in drifting.out
    repaired = world.ops("verify", "--settle", "0", "--repair", "--json")
    assert (repaired.code, repaired.json["left"]) == (0, 0)
    assert repaired.json["drift"] == {"changed": 1}
    assert repaired.json["examples"][0]["key"] == "tra_1"


def test_status(world: World) -> None:
    """The check's rows are shown as a table and as JSON. A check that has stopped is named."""
    assert "There is no status yet" in world.ops("status").out
    world.sql(f"{STATUS} VALUES ('transfers', 1.25, 2, UTC_TIMESTAMP(3))")
    world.sql(f"{STATUS} VALUES ('accounts', NULL, 0, UTC_TIMESTAMP(3) - INTERVAL 10 MINUTE)")
    shown = world.ops("status").out
    assert "1.2 s" in shown
    assert "not known" in shown
    assert shown.count("is not running") == 1
    world.sql(
        "INSERT INTO rebuilds VALUES ('transfers', 0, 1, NULL, 0, 400, 1000, UTC_TIMESTAMP(3) - INTERVAL 10 SECOND,"
        " UTC_TIMESTAMP(3))"
    )
    assert "400 of 1,000, 15 s left" in world.ops("status").out
    services = {service["service"]: service for service in world.ops("status", "--json").json["services"]}
    assert (services["transfers"]["lag_seconds"], services["transfers"]["dead_letters"]) == (1.25, 2)


def ignoring_signals() -> None:
    """Ignore signals, as a background job of a shell without job control does."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_status_goes_on_showing(world: World, number: signal.Signals) -> None:
    """With --watch, status shows changes again and again, until it is stopped."""
    world.sql(f"{STATUS} VALUES ('transfers', 1.25, 2, UTC_TIMESTAMP(3))")
    watching = world.start("status", "--watch", "--json", "--interval", "0.1", before=ignoring_signals)
    try:
        assert watching.stdout
        assert json.loads(watching.stdout.readline())["services"][0]["dead_letters"] == 2
        world.sql("UPDATE service_status SET dead_letters = 3")
        assert any(json.loads(line)["services"][0]["dead_letters"] == 3 for line in islice(watching.stdout, 300))
        watching.send_signal(number)
        assert watching.wait(PATIENT_SECONDS) == 130
    finally:
        watching.kill()


def test_migrate(world: World) -> None:
    """The output says what was applied, or that nothing was."""
    assert world.ops("migrate", "--json").json == {"applied": []}
    world.sql("CREATE TABLE kept AS SELECT * FROM schema_migrations")
    assert "up to date" in world.ops("migrate").out
    assert world.sql("SELECT COUNT(*) FROM kept") == ((sum(len(read_migrations(each)) for each in MIGRATIONS),),)
    world.sql("DROP TABLE kept")


def test_rebuild(world: World) -> None:
    """The output says what was done. To resume nothing is refused with what to do."""
    world.commit(transfer("tra_1"), transfer("tra_2"))
    done = world.ops("rebuild", "--settle", "0", "--json")
    assert (done.code, done.json["swapped"], done.json["items"]) == (0, True, 2)
    assert "in use" in world.ops("rebuild", "--service", "transfers", "--settle", "0").out
    refused = world.ops("rebuild", "--resume")
    assert refused.code == 3
    assert "begins one" in refused.err
    assert "no rebuild" in world.ops("rebuild", "--abandon").out
    assert world.ops("rebuild", "--resume", "--abandon").code == 3


def test_a_rebuild_that_is_killed(world: World) -> None:
    """After a kill -9 in the middle, status reports the rebuild, a second one is refused, and it can be resumed."""
    world.commit(*(transfer(f"tra_{number}") for number in range(50)))
    own, reader = connections(world), connect(world.url)
    try:
        # The swap waits for a reader, so the rebuild cannot end before it is killed.
        reader.query("START TRANSACTION READ ONLY")
        reader.query("SELECT COUNT(*) FROM transfers")
        process = world.start("rebuild", "--settle", "0", "--segments", "1")
        assert eventually(lambda: bool(building(world)) or process.poll() is not None)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert eventually(lambda: connections(world) <= own + 1), "the server has not noticed"
    finally:
        reader.close()
    world.commit(transfer("tra_late"))
    assert "transfers" in building(world)
    assert "--abandon" in world.ops("rebuild").err
    assert world.ops("rebuild", "--resume", "--settle", "0", "--json").json["swapped"]
    assert world.verify()[1] == []
    assert world.sql("SELECT COUNT(*) FROM transfers") == ((51,),)


def building(world: World) -> set[str]:
    """Return the services of a rebuild."""
    return {name for (name,) in world.sql("SELECT service FROM generations WHERE building IS NOT NULL")}


def connections(world: World) -> int:
    """Return the number of other connections to the read model."""
    ((count,),) = world.sql(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
    )
    return int(count)


@contextmanager
def user(world: World, rights: str) -> Iterator[str]:
    """Return the URL of the read model for a user with those rights."""
    place = parse_url(world.url)
    ensure_user(world.url, "t_ops", "first-Passw0rd!", rights)
    try:
        yield f"mysql://t_ops:first-Passw0rd!@{place.host}:{place.port}/{place.database}"
    finally:
        world.sql("DROP USER t_ops")


def test_a_rebuild_by_the_functions_user(world: World) -> None:
    """It is refused before anything is changed, with the rights that it needs. So are resume and abandon."""
    world.commit(transfer("tra_1"))
    before = world.sql("SELECT * FROM generations")
    with user(world, WRITES) as url:
        refused = world.ops("rebuild", "--settle", "0", DATABASE_URL=url)
        assert (refused.code, world.sql("SELECT * FROM generations")) == (3, before)
        assert "MigrateDatabaseUrl" in refused.err
        assert "Traceback" not in refused.err
        world.sql("UPDATE generations SET building = 1")
        for way in ("--resume", "--abandon"):
            assert "MigrateDatabaseUrl" in world.ops("rebuild", way, DATABASE_URL=url).err
        assert world.sql("SELECT DISTINCT building FROM generations") == ((1,),)
        world.sql("UPDATE generations SET building = NULL")
    assert world.sql("SHOW TABLES LIKE '%\\_\\_%'") == ()


def test_a_rebuild_by_the_migrations_user(world: World) -> None:
    """It needs only rights to tables of this database."""
    world.commit(transfer("tra_1"))
    with user(world, f"{WRITES}, CREATE, ALTER, DROP, INDEX") as url:
        assert world.ops("rebuild", "--settle", "0", "--json", DATABASE_URL=url).json["swapped"]
    assert world.verify()[1] == []


def test_a_server_that_is_not_there(world: World) -> None:
    """The error is a sentence with what to look at, or JSON if requested."""
    world.url = "mysql://nobody@127.0.0.1:1/nothing"
    done = world.ops("status")
    assert (done.code, done.out) == (3, "")
    assert "DATABASE_URL" in done.err
    assert "Traceback" not in done.err
    assert "hint" in world.ops("status", "--json").json["error"]


def test_a_command_that_is_none(world: World) -> None:
    """The output is the usage, and the exit code is 2."""
    done = world.ops("verfy")
    assert done.code == 2
    assert "No such command" in done.err
