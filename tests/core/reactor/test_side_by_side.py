"""Commands of a batch run at the same time, but those that share an aggregate run one after the other."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.core.commands.store import Commit, OutcomeUnknown, WriteStore
from chalicelib.core.reactor.follow_ups import COMMAND_MARGIN_MS
from chalicelib.core.reactor.side_by_side import AT_ONCE, Task, run_side_by_side
from chalicelib.core.service import Asks, FollowUp, Head, OutsideCall, Policy, Service
from chalicelib.core.telemetry import log
from tests.core.bootstrap import SERVICES
from tests.core.domain.accounts.commands import ChangeDetails
from tests.core.domain.accounts.domain import hold_id
from tests.core.histories import head, record, sequence_of
from tests.core.memory_store import MemoryStore
from tests.core.reacting import Crash
from tests.core.reactor.world import World
from tests.support.waiting import PATIENT_SECONDS

COMMON = [("A", -1), ("B", 1)]


class Watched(MemoryStore):
    """A store that records which commits were in it at the same time.

    Attributes:
        inside: the aggregates that are being committed.
        meeting: a barrier at which commits wait for each other, if there is one.
        overlaps: aggregates that were in two commits at once.
        order: the commits of holds, in the order of their begin.
        fails: aggregates whose commits fail.
        slow: aggregates whose commits take longer.
    """

    def __init__(self, published: Callable[[Head], None]) -> None:
        super().__init__(published=published)
        self.inside: list[str] = []
        self.meeting: threading.Barrier | None = None
        self.overlaps: set[str] = set()
        self.order: list[str] = []
        self.fails: set[str] = set()
        self.slow: set[str] = set()
        self._watching = threading.Lock()

    def load(self, ids: Sequence[str]) -> dict[str, Head]:
        """See `WriteStore.load`."""
        with self._watching:
            self.overlaps |= set(ids).intersection(self.inside)
            self.inside += ids
            self.order += [id for id in ids if id.startswith("hold#")]
        return super().load(ids)

    def commit(self, commit: Commit) -> None:
        """See `WriteStore.commit`."""
        ids = {head.id for head in commit.heads}
        if ids & self.slow:
            time.sleep(0.05)
        if self.meeting:
            self.meeting.wait(PATIENT_SECONDS)
        with self._watching:
            self.inside = [id for id in self.inside if id not in ids]
        if ids & self.fails:
            raise OutcomeUnknown("who knows")
        super().commit(commit)


@pytest.fixture
def stores() -> dict[str, Watched]:
    """Return the world's stores."""
    return {}


@pytest.fixture
def world(stores: dict[str, Watched]) -> World:
    """Return a world with 100 in each of four accounts."""

    def make(name: str, published: Callable[[Head], None]) -> WriteStore:
        stores[name] = Watched(published)
        return stores[name]

    world = World(make)
    for number in "ABCD":
        world.open(number, 100)
    for store in stores.values():
        store.inside, store.overlaps = [], set()
    return world


def several(world: World, count: int, common: Set[int] = frozenset()) -> None:
    """Request transfers, each between its own accounts X<number> and Y<number>. For some, the second is A."""
    for number in range(count):
        world.open(f"X{number}", 1)
        world.open(f"Y{number}")
    for number in range(count):
        world.request(f"tra_{number}", [(f"X{number}", -1), ("A" if number in common else f"Y{number}", 1)])


def test_two_at_the_same_time(world: World, stores: dict[str, Watched]) -> None:
    """Each of two commits waits until the other has begun as well."""
    world.request("tra_1", [("A", -1), ("B", 1)])
    world.request("tra_2", [("C", -1), ("D", 1)])
    stores["accounts"].meeting = threading.Barrier(2)
    assert world.react_raw(world.records("transfers")) == []
    assert (world.status(hold_id("tra_1")), world.status(hold_id("tra_2"))) == ("held", "held")


def test_those_that_share_an_aggregate(world: World, stores: dict[str, Watched]) -> None:
    """They never overlap, and keep the order of the batch, whatever runs at the same time."""
    for number in range(60):
        world.request(f"tra_{number}", COMMON if number % 2 else [("C", -1), ("D", 1)])
    assert world.react_raw(world.records("transfers")) == []
    store = stores["accounts"]
    assert store.overlaps == set()
    for rest in range(2):
        assert [id for id in store.order if int(id.rpartition("_")[2]) % 2 == rest] == [
            hold_id(f"tra_{number}") for number in range(rest, 60, 2)
        ]
    assert (world.money("A"), world.money("C")) == ((100, 30, 0), (100, 30, 0))


def test_a_failure_in_the_middle(world: World, stores: dict[str, Watched]) -> None:
    """Everything before it is done, and nothing after it that shares an account. Redelivered, each is done once."""
    several(world, 60, common={10, 30, 50})
    stores["accounts"].fails = {"X30"}
    records = world.records("transfers")
    assert world.react_raw(records, COMMAND_MARGIN_MS) == [sequence_of(records[30])]
    done = world.newest("accounts")
    assert all(hold_id(f"tra_{number}") in done for number in range(30))
    assert {hold_id("tra_30"), hold_id("tra_50")}.isdisjoint(done)
    assert not world.dead.letters
    stores["accounts"].fails = set()
    assert world.react_raw(records[30:]) == []
    assert [head.version for head in world.streams["accounts"] if head.id.startswith("hold#")] == [1] * 60
    assert all(world.money(f"X{number}") == (1, 1, 0) for number in range(60))
    assert world.money("A") == (100, 0, 3)


def test_the_first_of_two_failures(world: World, stores: dict[str, Watched]) -> None:
    """If both fail at the same time, the batch comes again from the one that is first in the stream."""
    several(world, 2)
    stores["accounts"].fails = {"X0", "X1"}
    stores["accounts"].meeting = threading.Barrier(2)
    records = world.records("transfers")
    assert world.react_raw(records, COMMAND_MARGIN_MS) == [sequence_of(records[0])]
    assert not world.dead.letters


def test_poison_beside_others(world: World) -> None:
    """The poison is set aside, and the others are done."""
    world.request("tra_1", COMMON)
    bad = [record("transfers", head(f"tra_p{number}", 1, {"status": "requested"})) for number in range(9)]
    assert world.react_raw([*bad[:5], *world.records("transfers"), *bad[5:]]) == []
    assert world.status(hold_id("tra_1")) == "held"
    assert set(world.dead.letters) == {f"transfers#tra_p{number}#1#reactor" for number in range(9)}


def served(world: World, ask: Callable[[Head], Iterable[FollowUp | OutsideCall]], asks: Asks) -> None:
    """Let the accounts' own stream cause these commands."""
    services: Mapping[str, Service] = {
        **SERVICES,
        "accounts": replace(SERVICES["accounts"], policies=(Policy("accounts", ask, asks=(asks,)),)),
    }
    world.serve(services)


def test_an_outside_call_runs_alone(world: World) -> None:
    """Its code need not be safe for threads, and nobody knows yet what its command is about."""
    calls: list[str] = []

    def call(id: str) -> FollowUp:
        calls.append(f"begun {id}")
        time.sleep(0.005)
        calls.append(f"ended {id}")
        return FollowUp("accounts", "accounts.change", ChangeDetails(note="told"), (id,))

    served(world, lambda head: [OutsideCall("tell", lambda: call(head.id))], Asks("accounts"))
    assert world.react("accounts", list(world.newest("accounts").values())) == []
    assert calls == [f"{what} {id}" for id in "ABCD" for what in ("begun", "ended")]


def test_a_claim_that_is_released_and_taken(world: World, stores: dict[str, Watched]) -> None:
    """The command that releases a name comes first in the batch, so the one that takes it succeeds."""
    wanted = {"A": "Z", "B": "A", "C": "B", "D": "C"}

    def rename(head: Head) -> list[FollowUp]:
        return [FollowUp("accounts", "accounts.change", ChangeDetails(name=wanted[head.id]), (head.id,))]

    stores["accounts"].slow = {"A"}
    served(world, rename, Asks("accounts", releases=True))
    assert world.react("accounts", list(world.newest("accounts").values())) == []
    assert {id: head.state["name"] for id, head in world.newest("accounts").items()} == wanted
    assert not world.dead.letters


def test_a_process_that_ends(world: World) -> None:
    """The process ends in the middle of a batch. When the batch comes again, everything is done, each once."""
    several(world, 40, common=set(range(0, 40, 2)))
    assert world.feed("transfers", crash_after=5)
    assert world.checkpoints["transfers"] == 0
    world.come_to_rest()
    assert {head.state["status"] for head in world.newest("transfers").values()} == {"accepted"}
    assert world.money("A") == (100, 0, 20)


def test_the_logs_context_and_counters() -> None:
    """A thread's lines have the batch's fields, and its counts are added to the batch's."""
    seen: list[Any] = []

    def work() -> bool:
        for _ in range(1000):
            log.count("Tries")
        seen.append(dict(log._about.get()))
        return True

    counts: Any
    with log.about(request_id="req"), log.counting("batch", {"Deployment": ""}):
        assert run_side_by_side([Task(frozenset(), work)] * 16) == 16
        counts = log._counts.get()
    assert seen == [{"request_id": "req"}] * 16
    assert counts == {"Tries": 16_000}


def test_no_more_threads_than_that() -> None:
    """As many tasks as AT_ONCE run together, and no others begin before one of them ends."""
    lock, meeting = threading.Lock(), threading.Barrier(AT_ONCE)
    running, most = 0, 0

    def work() -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        meeting.wait(PATIENT_SECONDS)
        with lock:
            running -= 1
        return True

    assert run_side_by_side([Task(frozenset(), work)] * (3 * AT_ONCE)) == 3 * AT_ONCE
    assert most == AT_ONCE


def test_an_error_that_nobody_expects() -> None:
    """The error is raised, and no task begins after it."""
    begun: list[int] = []

    def work(number: int) -> bool:
        begun.append(number)
        if number == 0:
            raise Crash
        return True

    common = frozenset({("accounts", "A")})
    with pytest.raises(Crash):
        run_side_by_side([Task(common, lambda number=number: work(number)) for number in range(5)])  # type: ignore[misc]
    assert begun == [0]
