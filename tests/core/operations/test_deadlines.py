"""A deadline's command ends what has waited too long, once, whatever the read model shows."""

import itertools
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from chalicelib.core.commands.store import Commit, WriteStore
from chalicelib.core.decider import Command
from chalicelib.core.operations import deadlines
from chalicelib.core.operations.deadlines import ACTOR, NotAllDone
from chalicelib.core.reactor.follow_ups import COMMAND_MARGIN_MS
from chalicelib.core.settings import BadSettings
from tests.core.domain.transfers.commands import Accept, Cancel, Refuse, Settle
from tests.core.operations.world import LONG_AGO, NOW, World
from tests.core.reactor.world import World as Saga
from tests.core.reading import query
from tests.support.stores import Tables

pytestmark = pytest.mark.database


def test_what_has_waited_too_long_expires(world: World) -> None:
    """Requested and accepted transfers expire. Younger ones, and those that no longer wait, stay as they are."""
    world.request("tra_requested")
    world.request("tra_accepted", Accept())
    world.request("tra_settled", Accept(), Settle())
    world.request("tra_refused", Refuse([]))
    world.request("tra_cancelled", Cancel())
    world.request("tra_young", at=NOW)
    world.project()
    world.keep()
    assert world.statuses() == {
        "tra_requested": "2 cancelled",
        "tra_accepted": "3 cancelled",
        "tra_settled": "3 settled",
        "tra_refused": "2 refused",
        "tra_cancelled": "2 cancelled",
        "tra_young": "1 requested",
    }


def test_the_timeline_says_why(world: World, database: str) -> None:
    """The commit has the deadline's command, the actor `deadlines`, and an event of its own kind."""
    world.request("tra_1", Accept())
    world.project()
    world.keep()
    world.project()
    seen = query(database, "SELECT version, actor, command, events FROM timeline WHERE id = 'tra_1' AND version = 3")
    assert seen == [(3, ACTOR, "transfers.expire", '[{"type":"TransferExpired","data":{"was":"accepted"}}]')]


def test_what_is_expired_gives_back_what_it_held() -> None:
    """The saga releases an expired transfer's hold, as it releases a cancelled one's."""
    saga = Saga()
    saga.open("A", 100)
    saga.open("B")
    saga.request("tra_1", [("A", -30), ("B", 30)])
    saga.come_to_rest()
    assert saga.money("A") == (100, 30, 0)
    saga.expire("tra_1")
    saga.come_to_rest()
    assert (saga.status("tra_1"), saga.money("A"), saga.money("B")) == ("cancelled", (100, 0, 0), (0, 0, 0))


def test_off_by_default(tables: Tables) -> None:
    """If DEADLINES is empty, no store is asked."""
    World(tables, "mysql://nobody@127.0.0.1:1/nothing", deadlines="").keep()


@pytest.mark.parametrize(
    ("meanwhile", "status"),
    [(Settle(), "3 settled"), (Cancel(), "3 cancelled")],
)
def test_a_read_model_that_is_behind(world: World, meanwhile: Command, status: str) -> None:
    """It proposes transfers that are settled or cancelled by now. The head decides, and nothing is written."""
    world.request("tra_1", Accept())
    world.project()
    world.run("transfers.next", meanwhile, "tra_1")
    before = world.heads()
    world.keep()
    assert world.statuses() == {"tra_1": status}
    assert world.heads() == before


def test_every_run_until_the_projector_catches_up(world: World) -> None:
    """It proposes transfers that the run before has expired. Each has only one commit."""
    world.request("tra_1")
    world.project()
    for _ in range(3):
        world.keep()
    assert world.statuses() == {"tra_1": "2 cancelled"}
    world.project()
    world.keep()
    assert world.statuses() == {"tra_1": "2 cancelled"}


class Overtaken:
    """A store in which another command runs between the function's look and its write."""

    def __init__(self, store: WriteStore, overtake: Any) -> None:
        self._store = store
        self._overtake = overtake

    def commit(self, commit: Commit) -> None:
        """See `WriteStore.commit`."""
        overtake, self._overtake = self._overtake, lambda: None
        overtake()
        self._store.commit(commit)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.mark.parametrize(
    ("since", "racing", "status"),
    [
        ([Accept()], Settle(), "3 settled"),
        ([Accept()], Cancel(), "3 cancelled"),
        ([], Accept(), "3 cancelled"),
        ([], Refuse([]), "2 refused"),
    ],
)
def test_races(world: World, since: Sequence[Command], racing: Command, status: str) -> None:
    """If another command wins, the deadline decides again, on the new state."""
    world.request("tra_1", *since)
    world.project()
    world.keep(lambda store: Overtaken(store, lambda: world.run("transfers.racing", racing, "tra_1")))
    head = world.heads()["tra_1"]
    assert f"{head.version} {head.state['status']}" == status
    expired = [event["type"] for event in head.events] == ["TransferExpired"]
    assert expired is isinstance(racing, Accept)


def test_two_runs_at_once(world: World) -> None:
    """EventBridge delivers at least once, and a run may last longer than its minute. Each transfer expires once."""
    for number in range(20):
        world.request(f"tra_{number}")
    world.project()
    together = threading.Barrier(2)
    faults: list[BaseException] = []

    def keep() -> None:
        together.wait()
        try:
            deadlines.keep_deadlines(world.runtime, lambda: 60_000, lambda: NOW)
        except BaseException as fault:
            faults.append(fault)

    runs = [threading.Thread(target=keep) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert faults == []
    assert set(world.statuses().values()) == {"2 cancelled"}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_in_the_middle(world: World, tables: Tables, database: str, moment: str) -> None:
    """The process is killed around its third commit. The next run expires the rest, and nothing twice."""
    for number in range(5):
        world.request(f"tra_{number}")
    world.project()
    env = {**tables.env, "DATABASE_URL": database, "DEADLINES": "transfers.expire=1h"}
    command = [sys.executable, "-m", "tests.core.operations.killed", "3", moment]
    assert subprocess.run(command, env=env, check=False).returncode == -signal.SIGKILL
    done = [id for id, status in world.statuses().items() if status == "2 cancelled"]
    assert len(done) == (2 if moment == "before" else 3)
    before = {id: world.heads()[id] for id in done}
    world.keep()
    assert set(world.statuses().values()) == {"2 cancelled"}
    assert {id: world.heads()[id] for id in done} == before


def test_more_than_a_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """All pages are processed, even if many transfers have waited since the same moment."""
    monkeypatch.setattr(deadlines, "PAGE", 3)
    for number in range(8):
        world.request(f"tra_{number}")
    world.project()
    world.keep()
    assert set(world.statuses().values()) == {"2 cancelled"}


def test_little_time(world: World) -> None:
    """The run begins nothing that it may not end. The next run goes on."""
    for number in range(4):
        world.request(f"tra_{number}")
    world.project()
    left = itertools.chain([COMMAND_MARGIN_MS] * 3, itertools.repeat(COMMAND_MARGIN_MS - 1))
    world.keep(remaining_ms=lambda: next(left))
    assert sorted(world.statuses().values()) == ["1 requested", *["2 cancelled"] * 3]
    world.keep()
    assert set(world.statuses().values()) == {"2 cancelled"}


def test_one_that_fails(world: World, tables: Tables, logged: Any) -> None:
    """A row without an item, as after a restore of the table, is logged and does not stop the others."""
    for id in ("tra_1", "tra_2", "tra_3"):
        world.request(id)
    world.project()
    tables.client.delete_item(TableName=tables.name("transfers"), Key={"id": {"S": "tra_1"}})
    with pytest.raises(NotAllDone, match="1 commands failed, the first of them for tra_1"):
        world.keep()
    assert world.statuses() == {"tra_2": "2 cancelled", "tra_3": "2 cancelled"}


def test_a_deadline_that_nobody_declares(tables: Tables, database: str) -> None:
    """A misspelt name is reported with the existing names, and does not count as a deadline that is off."""
    with pytest.raises(BadSettings, match=r"transfers\.expires, which no service.*: transfers\.expire$"):
        World(tables, database, deadlines="transfers.expires=1h").keep()


def test_the_moment_itself_is_not_overdue(world: World) -> None:
    """Read model and head agree that exactly this moment is not overdue."""
    world.request("tra_1", at=LONG_AGO.replace(hour=11))
    world.project()
    world.keep()
    assert world.statuses() == {"tra_1": "1 requested"}
