"""GET /status about a service: whether its stream moves, its commits, and the last verification."""

from datetime import timedelta

import pytest

from chalicelib.core.mysql.connections import connect
from chalicelib.core.operations import check
from chalicelib.core.operations.check import Beat, check_all, waiting_since
from chalicelib.core.operations.queries import STILL_SECONDS, ServiceStatus, get_status
from chalicelib.core.queries.snapshot import ask
from tests.core.operations.world import NOW, World

pytestmark = pytest.mark.database
EARLIER = NOW - timedelta(minutes=1)


@pytest.fixture
def seen(world: World, database: str) -> "Seen":
    """Return the status of the transfers, and the statements that caused it."""
    return Seen(world, database)


class Seen:
    """Return the status of the transfers after statements."""

    def __init__(self, world: World, database: str) -> None:
        self.world = world
        self._database = database

    def sql(self, *statements: str) -> None:
        """Run statements."""
        with connect(self._database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()

    def look(self, hours: int | None = None) -> ServiceStatus:
        """Return the status."""
        found = ask(self.world.runtime.readers, (), 0, {}, lambda cursor: get_status(cursor, hours), 2.0)
        (status,) = (one for one in found.services if one.service == "transfers")
        return status


def test_a_heartbeat_under_way(seen: Seen) -> None:
    """After the check, a heartbeat waits from its sending on. That alone is no problem."""
    check_all(seen.world.runtime)
    status = seen.look()
    assert status.waiting_seconds is not None
    assert 0 <= status.waiting_seconds < 60
    assert status.lag_seconds is None


def test_a_heartbeat_that_has_come_through(seen: Seen) -> None:
    """Nothing waits, however long ago the check was."""
    check_all(seen.world.runtime)
    seen.sql("INSERT INTO heartbeats VALUES ('transfers', 1, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))")
    seen.sql("UPDATE service_status SET waiting_since = waiting_since - INTERVAL 1 HOUR")
    assert (seen.look().waiting_seconds, seen.look().stuck) == (None, False)


def test_a_stream_that_stands_still(seen: Seen) -> None:
    """A heartbeat waits and no commit became visible: the stream is stuck. A visible commit shows that it moves."""
    check_all(seen.world.runtime)
    seen.sql(f"UPDATE service_status SET waiting_since = UTC_TIMESTAMP(3) - INTERVAL {STILL_SECONDS + 1} SECOND")
    assert seen.look().stuck
    seen.world.request("tra_1")
    seen.world.project()
    assert not seen.look().stuck
    seen.sql(f"UPDATE timeline SET applied_at = applied_at - INTERVAL {STILL_SECONDS + 1} SECOND")
    assert seen.look().stuck


def test_since_when_the_oldest_waits() -> None:
    """If the heartbeat before has come through, the wait begins now; else with the first that has not."""
    sent, applied, long_ago = Beat(7, EARLIER), Beat(7, EARLIER, NOW), check._Before(EARLIER, NOW - timedelta(hours=1))
    assert waiting_since(None, None, None, NOW) == NOW
    assert waiting_since(sent, applied, long_ago, NOW) == NOW
    assert waiting_since(sent, Beat(6, EARLIER, NOW), long_ago, NOW) == NOW - timedelta(hours=1)
    assert waiting_since(sent, None, check._Before(EARLIER, None), NOW) == NOW


def test_a_check_that_has_missed_its_turn(seen: Seen) -> None:
    """The pause is that of the last two checks, at most a minute. After the first check, it is a minute."""
    check_all(seen.world.runtime)
    seen.sql("UPDATE service_status SET checked_at = UTC_TIMESTAMP(3) - INTERVAL 100 SECOND")
    assert not seen.look().check_overdue
    seen.sql("UPDATE service_status SET every_seconds = 3")
    assert seen.look().check_overdue
    check_all(seen.world.runtime)
    seen.sql("UPDATE service_status SET checked_at = UTC_TIMESTAMP(3) - INTERVAL 130 SECOND")
    assert seen.look().check_overdue


def test_commits_a_second(seen: Seen) -> None:
    """The commits of the last seconds count, for each service separately. Older ones do not."""
    for number in range(20):
        seen.world.request(f"tra_{number}")
    seen.world.project()
    check_all(seen.world.runtime)
    assert seen.look().commits_per_second == 2.0
    seen.sql("UPDATE timeline SET applied_at = applied_at - INTERVAL 11 SECOND WHERE id <> 'tra_1'")
    assert seen.look().commits_per_second == 0.1


def test_the_commits_of_a_day(seen: Seen) -> None:
    """The check adds up the commits of each minute, and counts none twice."""
    for number in range(6):
        seen.world.request(f"tra_{number}")
    seen.world.project()
    check_all(seen.world.runtime)
    seen.sql(
        "UPDATE service_status SET checked_at = checked_at - INTERVAL 30 SECOND",
        "UPDATE timeline SET applied_at = applied_at - INTERVAL 10 SECOND",
    )
    check_all(seen.world.runtime)
    check_all(seen.world.runtime)
    seen.sql("UPDATE lag_history SET checked_at = checked_at - INTERVAL 2 MINUTE")
    history = seen.look(1).history
    assert isinstance(history, list)
    assert sum(point.commits_per_second for point in history) == pytest.approx(6 / 60, rel=0.6)


def test_the_last_verification(seen: Seen) -> None:
    """The value is null until there is a verification."""
    check_all(seen.world.runtime)
    assert seen.look().verify is None
    seen.sql("INSERT INTO verifications VALUES ('transfers', UTC_TIMESTAMP(3) - INTERVAL 90 SECOND, 5, 2, 0)")
    outcome = seen.look().verify
    assert outcome is not None
    assert (outcome.found, outcome.left, outcome.rebuilt) == (5, 2, False)
    assert outcome.age_seconds >= 90
