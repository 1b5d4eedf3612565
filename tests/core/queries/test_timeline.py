"""An aggregate's timeline: its commits, a page at a time, and the other commits of the same requests."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.queries.timeline import Commits, Events, TimelineParameters, read_timeline
from tests.core.histories import BY_NAME, START, account_state, head, iso, transfer_state
from tests.core.queries.world import World

pytestmark = pytest.mark.database

ALL = ("accounts", "transfers")


def timeline(world: World, id: str, version: int, shown: Collection[str] = ALL, **parameters: int) -> Commits:
    """Return a page of the timeline of a transfer at that version."""
    asked = TimelineParameters(**parameters)
    return world.ask(read_timeline, "transfers", id, version, asked, recorded, shown)


def recorded(service: str, id: str, stored: Events) -> Events:
    """Return the events in their present shape."""
    return BY_NAME[service].recorded_events(id, stored)


def commit(world: World, service: str, id: str, version: int, **details: Any) -> None:
    """Return a commit of a transfer, an account or a hold."""
    states = {"transfers": transfer_state(), "accounts": {"status": "held"} if "#" in id else account_state()}
    world.project(service, head(id, version, states[service], **details))


def told(page: Commits) -> list[tuple[str, str, int]]:
    """Return the commits of a page."""
    return [(entry.service, entry.id, entry.version) for entry in page.entries]


def test_its_commits(world: World) -> None:
    """The oldest commit is first, with its events as they were written. Other aggregates' commits are not there."""
    event = {"type": "Noted", "data": {"note": "😀 'quoted'", "n": 2**70}}
    commit(world, "transfers", "tra_1", 1, actor="usr_1", command="transfers.request", at=iso(START))
    commit(world, "transfers", "tra_1", 2, events=[event], correlation="second")
    commit(world, "transfers", "tra_2", 1)
    commit(world, "accounts", "tra_1", 1)
    page = timeline(world, "tra_1", 2)
    assert (page.incomplete, page.before) == (False, None)
    assert told(page) == [("transfers", "tra_1", 1), ("transfers", "tra_1", 2)]
    first, second = page.entries
    assert (first.actor, first.command, first.at) == ("usr_1", "transfers.request", iso(START))
    assert (second.correlation_id, second.events) == ("second", [event])
    assert second.applied_at is not None


def test_what_else_a_request_led_to(world: World) -> None:
    """Commits of the same request are there, for any aggregate of the shown services, and no others."""
    commit(world, "transfers", "tra_1", 1, correlation="one", at=iso(START))
    commit(world, "accounts", "hold#tra_1", 1, correlation="one", at=iso(START + timedelta(seconds=1)))
    commit(world, "accounts", "A", 7, correlation="one", at=iso(START + timedelta(seconds=1)))
    commit(world, "transfers", "tra_1", 2, correlation="one", at=iso(START + timedelta(seconds=2)))
    commit(world, "transfers", "tra_2", 1, correlation="two")
    commit(world, "accounts", "B", 1)
    assert sorted(told(timeline(world, "tra_1", 2))) == [
        ("accounts", "A", 7),
        ("accounts", "hold#tra_1", 1),
        ("transfers", "tra_1", 1),
        ("transfers", "tra_1", 2),
    ]
    assert {service for service, _, _ in told(timeline(world, "tra_1", 2, ["transfers"]))} == {"transfers"}
    assert told(timeline(world, "tra_1", 2, [])) == [("transfers", "tra_1", 1), ("transfers", "tra_1", 2)]


def test_what_one_command_wrote_at_once(world: World) -> None:
    """What was written together with the aggregate has no follow-ups. Commits that followed are shown whole."""
    commit(world, "transfers", "tra_1", 1, correlation="one", commit="first")
    commit(world, "transfers", "tra_2", 1, correlation="one", commit="first")
    commit(world, "accounts", "A", 1, correlation="one", commit="second")
    commit(world, "accounts", "B", 1, correlation="one", commit="second")
    told_of = [id for _, id, _ in told(timeline(world, "tra_1", 1))]
    assert sorted(told_of) == ["A", "B", "tra_1"]


def test_a_page_at_a_time(world: World) -> None:
    """The newest page is first. `before` leads to all earlier commits, each once, with those of the same requests."""
    for version in range(1, 8):
        commit(world, "transfers", "tra_1", version, correlation=f"request {version}")
    commit(world, "accounts", "A", 1, correlation="request 2")
    pages, before = [], {}
    while True:
        page = timeline(world, "tra_1", 7, limit=3, **before)
        assert not page.incomplete
        pages.append([entry.version for entry in page.entries if entry.service == "transfers"])
        if page.before is None:
            break
        before = {"before": page.before}
    assert pages == [[5, 6, 7], [2, 3, 4], [1]]
    assert ("accounts", "A", 1) in told(timeline(world, "tra_1", 7, limit=3, before=5))
    assert ("accounts", "A", 1) not in told(timeline(world, "tra_1", 7, limit=3))


def test_large_events_make_small_pages(world: World) -> None:
    """A page ends before its events exceed Lambda's limit, but always has one commit."""
    event = {"type": "Noted", "data": {"note": "x" * 150_000}}
    for version in range(1, 11):
        commit(world, "transfers", "tra_1", version, events=[event] * 2)
    first = timeline(world, "tra_1", 10)
    assert [entry.version for entry in first.entries] == [8, 9, 10]
    assert (first.before, first.incomplete) == (8, False)


def test_by_clocks_that_differ(world: World) -> None:
    """Each aggregate's entries are in the order of its versions, even if their times are not."""
    for service, id, version, second in [
        ("transfers", "tra_1", 1, 5),
        ("transfers", "tra_1", 2, 1),  # by a clock that was set back
        ("accounts", "hold#tra_1", 1, 6),
        ("accounts", "hold#tra_1", 2, 2),
        ("transfers", "tra_1", 3, 7),
    ]:
        commit(world, service, id, version, correlation="one", at=iso(START + timedelta(seconds=second)))
    assert [(service, version) for service, _, version in told(timeline(world, "tra_1", 3))] == [
        ("transfers", 1),
        ("transfers", 2),
        ("accounts", 1),
        ("accounts", 2),
        ("transfers", 3),
    ]


@pytest.mark.parametrize(
    ("versions", "incomplete"),
    [
        ((1, 2, 3), False),
        ((3,), True),
        ((1, 3), True),
        ((2, 3), True),
        ((1, 2), True),
        ((), True),
        ((1, 2, 3, 4), False),
    ],
)
def test_a_gap_is_shown(world: World, versions: Sequence[int], incomplete: bool) -> None:
    """The gap is shown if the stream lost commits of an aggregate at version 3, or has not delivered them."""
    for version in versions:
        commit(world, "transfers", "tra_1", version)
    assert timeline(world, "tra_1", 3).incomplete is incomplete
    assert timeline(world, "tra_1", 3, before=100).incomplete is incomplete


def test_a_gap_on_another_page(world: World) -> None:
    """Each page shows its own gap."""
    for version in (1, 3, 4, 5):
        commit(world, "transfers", "tra_1", version)
    newest = timeline(world, "tra_1", 5, limit=2)
    assert (newest.incomplete, newest.before) == (False, 4)
    assert timeline(world, "tra_1", 5, limit=2, before=4).incomplete
