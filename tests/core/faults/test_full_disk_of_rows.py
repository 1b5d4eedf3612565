"""The disk is full while mariadbd writes to it. The file has no other test: mariadbd may look for room each minute."""

from pathlib import Path

import pytest

from tests.core.faults.disk import fill, small_disk
from tests.core.faults.full import COMMANDS, hear_until, listed, open_accounts
from tests.support.domain import NEUTRAL
from tests.support.running import Run
from tests.support.waiting import eventually

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]


@pytest.mark.usefixtures("own_servers")
def test_rows_on_a_full_disk(tmp_path: Path) -> None:
    """Whether mariadbd ends or waits when there is no room, nothing is missing once there is room again."""
    with small_disk(tmp_path / "disk", 420) as disk:  # a new database takes 280 of these
        run = Run(disk / "state", NEUTRAL)
        client = run.start().ready()
        assert eventually(lambda: (run.folder / "stack.json").exists())
        filler = fill(disk)
        open_accounts(client)
        assert run.process is not None
        run.process.terminate()
        hear_until(run, "Nothing is lost yet. Free disk space")
        filler.unlink()
        run.output()
        client = run.start().ready()
        assert eventually(lambda: len(listed(client).json["items"]) == COMMANDS)
        assert "everything is kept" in run.stop()
