"""A commit's time is never before its predecessor's, whatever the clocks say: the versions decide the order."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.commands.pipeline import Envelope, run
from chalicelib.core.service import Head
from chalicelib.core.times import iso
from tests.core.bootstrap import SERVICES
from tests.core.domain.accounts.commands import Deposit, Open
from tests.core.domain.accounts.published import Standing
from tests.core.domain.transfers.commands import Cancel, Leg, Request
from tests.core.memory_store import MemoryStore

ACCOUNTS, TRANSFERS = SERVICES["accounts"], SERVICES["transfers"]
NOON = datetime(2026, 11, 23, 12)


class Overtaken(MemoryStore):
    """A store in which another command may run between the load of one and its write.

    Attributes:
        overtaking: runs after the next load, once.
    """

    overtaking: Envelope | None = None

    def load(self, ids: Sequence[str]) -> dict[str, Head]:
        """Load, then let the other command run."""
        loaded = super().load(ids)
        other, self.overtaking = self.overtaking, None
        if other:
            run(ACCOUNTS, self, other, lambda _: {})
        return loaded


def deposit(arrived: datetime, *tried: datetime) -> Envelope:
    """Return a deposit that arrives and is tried at these times. Later attempts have the last time."""
    times = list(tried or [arrived])
    return Envelope(
        name="accounts.deposit",
        command=Deposit(1),
        ids=("A",),
        actor="usr",
        at=iso(arrived),
        clock=lambda: times.pop(0) if len(times) > 1 else times[0],
    )


def opened() -> tuple[Overtaken, list[Head]]:
    """Return a store with an account that was opened at noon, and its published heads."""
    heads: list[Head] = []
    store = Overtaken(published=heads.append)
    open_it = Open(at=iso(NOON), owner="usr", name="A")
    run(
        ACCOUNTS,
        store,
        Envelope("accounts.open", open_it, ("A",), "usr", iso(NOON), clock=lambda: NOON),
        lambda _: {},
    )
    return store, heads


moments = st.integers(-200_000_000, 200_000_000).map(lambda ms: NOON + timedelta(milliseconds=ms))
deposits = st.builds(lambda arrived, tried: deposit(arrived, *tried), moments, st.lists(moments, max_size=3))


@given(st.lists(st.tuples(deposits, st.none() | deposits), max_size=12))
def test_clocks_that_jump(commands: list[tuple[Envelope, Envelope | None]]) -> None:
    """For two clients with clocks that jump by days, in any interleaving, versions and times rise together."""
    store, heads = opened()
    for command, overtaking in commands:
        store.overtaking = overtaking
        run(ACCOUNTS, store, command, lambda _: {})
    commits = [head for head in heads if head.id == "A"]
    assert [head.version for head in commits] == list(range(1, len(commits) + 1))
    assert [head.at for head in commits] == sorted(head.at for head in commits)


def test_a_command_that_waited() -> None:
    """A command has the time of its successful attempt, not of its arrival before the other's commit."""
    store, heads = opened()
    store.overtaking = deposit(NOON + timedelta(seconds=2))
    run(ACCOUNTS, store, deposit(NOON + timedelta(seconds=1), NOON, NOON + timedelta(seconds=3)), lambda _: {})
    assert [head.at[17:19] for head in heads] == ["00", "02", "03"]


def test_a_clock_set_back_two_days() -> None:
    """A cancellation then is not before its request, and a time within the state is not changed."""
    heads: list[Head] = []
    store = MemoryStore(published=heads.append)
    back_dated = iso(NOON - timedelta(days=400))
    request = Request(
        owner="usr",
        requested_at=back_dated,
        legs=[Leg("A", -1), Leg("B", 1)],
        accounts={number: Standing("usr", closed=False) for number in "AB"},
    )
    for name, command, now in [
        ("transfers.request", request, NOON),
        ("transfers.cancel", Cancel(), NOON - timedelta(days=2)),
    ]:
        envelope = Envelope(name, command, ("tra_1",), "usr", iso(now), clock=lambda now=now: now)
        run(TRANSFERS, store, envelope, lambda _: {})
    assert [head.at for head in heads] == [iso(NOON), iso(NOON)]
    assert [head.state["requested_at"] for head in heads] == [back_dated] * 2
    rows = [TRANSFERS.projection.rows(head).root for head in heads]
    assert [msgspec.structs.asdict(row)["updated_at"] for row in rows] == [NOON, NOON]


def test_a_clock_far_in_the_future(logged: list[dict[str, Any]]) -> None:
    """Later commits have times after it until real time has caught up. None is refused, and each is logged."""
    store, heads = opened()
    future = NOON + timedelta(days=400)
    later = [NOON + timedelta(minutes=minute) for minute in (1, 2)]
    for moment in (future, *later, future + timedelta(minutes=1)):
        run(ACCOUNTS, store, deposit(moment), lambda _: {})
    assert [head.version for head in heads] == [1, 2, 3, 4, 5]
    assert [head.at for head in heads] == list(map(iso, (NOON, future, future, future, future + timedelta(minutes=1))))
    told = [line for line in logged if line["message"].startswith("command: a clock is wrong")]
    assert [(line["level"], line["of"], line["ahead"]) for line in told] == [
        ("WARNING", "A", (future - moment).total_seconds()) for moment in later
    ]


def test_clocks_that_differ_as_clocks_do(logged: list[dict[str, Any]]) -> None:
    """A difference of less than a minute is not logged."""
    store, _ = opened()
    for seconds in (30, 0):
        run(ACCOUNTS, store, deposit(NOON + timedelta(seconds=seconds)), lambda _: {})
    assert logged == []
