"""A process is stopped while another command wins its race. The order is that of the versions, and times rise."""

import os
import signal
import subprocess
import sys
import time

import pytest

from chalicelib.core.times import iso, to_utc
from tests.core.domain.transfers.commands import Accept
from tests.core.operations.world import World
from tests.core.reading import query
from tests.support.stores import Tables

pytestmark = pytest.mark.database
STOPPED_SECONDS = 0.7


def test_stopped_between_arrival_and_write(tables: Tables, database: str) -> None:
    """Its cancellation arrived first and is written last: versions 1, 2, 3, each later than the one before."""
    world = World(tables, database)
    world.request("tra_1")
    world.project()
    command = [sys.executable, "-m", "tests.core.faults.stopped", "tra_1"]
    process = subprocess.Popen(command, env=tables.env, stdout=subprocess.PIPE, text=True)
    try:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        time.sleep(STOPPED_SECONDS)
        world.run_now("transfers.accept", Accept(), "tra_1")
        world.project()
        os.kill(process.pid, signal.SIGCONT)
        arrived, _ = process.communicate()
        assert process.returncode == 0
    finally:
        process.kill()
    world.project()
    commits = query(database, "SELECT version, command, at FROM timeline WHERE id = 'tra_1' ORDER BY version")
    assert [(version, command) for version, command, _ in commits] == [
        (1, "transfers.request"),
        (2, "transfers.accept"),
        (3, "transfers.cancel"),
    ]
    times = [at for _, _, at in commits]
    assert times == sorted(times)
    assert to_utc(arrived.strip()) < times[1] < times[2], (
        "it arrived before the other was written, and was written after"
    )
    assert query(database, "SELECT version, updated_at FROM transfers") == [(3, times[2])]
    assert world.heads()["tra_1"].at == iso(times[2])
