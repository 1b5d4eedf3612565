"""mariadbd is killed with -9 at random moments and started again. In the end, both sides agree, row by row.

This test starts a server of its own, which commits to disk.
"""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.mariadb import MariaDB, with_database
from local.ports import free_port
from tests.core.faults.form import form
from tests.core.faults.whole import LOADED, NOT_YET, Load, agree
from tests.core.things import account
from tests.support.client import patiently
from tests.support.domain import NEUTRAL
from tests.support.stack import Stack, started
from tests.support.stores import fresh_tables

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

KILLS = form(3, 50)
BETWEEN_SECONDS = form(3.0, 5.0)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MariaDB]:
    """Yield a server that may be killed."""
    server = MariaDB(tmp_path / "mariadb", free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def killable(ministack: str, server: MariaDB, tmp_path: Path) -> Iterator[Stack]:
    """Yield a whole stack on that server."""
    url = with_database(server.server_url, "tributary")
    NEUTRAL.migrate(url)
    with (
        fresh_tables(ministack, NEUTRAL) as tables,
        started(tables, url, tmp_path / "stack", **LOADED) as stack,
    ):
        yield stack


def test_killed_under_load(killable: Stack, server: MariaDB, record_property: Callable[[str, object], None]) -> None:
    """Commands are not affected, and queries answer 503 meanwhile. In the end, everything agrees, the timeline too."""
    chance, chief = random.Random(12), killable.client("chief")
    number = account(chief)
    with Load(killable, "--queries", "30", rate=30) as loading:
        loading.begun()
        for kill in range(KILLS):
            time.sleep(chance.uniform(0.5, BETWEEN_SECONDS))
            server.child.kill()
            note = {"note": f"kill {kill}"}
            assert patiently(lambda note=note: chief.patch(f"/accounts/{number}", note)).status == 200
            assert chief.get(f"/accounts/{number}", Prefer="wait=0").problem == "unavailable"
            server.start()
        record_property("kills", KILLS)
        report = loading.report(record_property)
    assert set(report["errors"]["queries"]) <= NOT_YET | {"unavailable"}
    agree(killable)
