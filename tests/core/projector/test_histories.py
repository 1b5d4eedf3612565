"""Any transfers, duplicates and batches produce the same read model, which equals the fold of the write model."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.service import Head
from tests.core.domain.accounts.domain import hold_id
from tests.core.histories import START, account_state, fold, head, iso, record, transfer_state
from tests.core.projecting import Projector
from tests.core.reading import base_tables, summaries
from tests.support.stores import empty

pytestmark = pytest.mark.database

ACCOUNTS = st.sampled_from(["A", "a", "B", "C-1"])
AMOUNTS = st.integers(-1_000_000_000, 1_000_000_000)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
LEGS = st.lists(st.tuples(ACCOUNTS, AMOUNTS), min_size=1, max_size=4)
STATUS = st.sampled_from(["requested", "accepted", "refused", "cancelled", "settled"])


@st.composite
def transfers(draw: st.DrawFn, number: int) -> list[tuple[str, Head]]:
    """Draw a transfer's commits. Its legs change more than the domain allows, so that rows come and go."""
    fixed = {
        "owner": f"usr_{draw(st.integers(1, 2))}",
        "reason": draw(st.none() | TEXT),
        "requested_at": iso(START + timedelta(hours=draw(st.integers(0, 48)))),
        "reference": draw(st.none() | st.just(f"R-{number}")),
    }
    states = draw(st.lists(st.tuples(STATUS, LEGS), min_size=1, max_size=5))
    return [
        ("transfers", head(f"tra_{number}", version, transfer_state(status, legs, **fixed)))
        for version, (status, legs) in enumerate(states, start=1)
    ]


@st.composite
def others(draw: st.DrawFn) -> list[tuple[str, Head]]:
    """Draw commits of two accounts and a hold, some of which end in tombstones."""
    histories: list[tuple[str, list[dict[str, Any]]]] = [
        (id, [account_state(name=name, balance=draw(AMOUNTS)) for name in draw(st.lists(TEXT, max_size=3))])
        for id in ("A", "B")
    ]
    histories.append((hold_id("tra_1"), [{"status": "held"}]))
    commits: list[tuple[str, Head]] = []
    for id, states in histories:
        deleted = draw(st.booleans())
        commits += [
            ("accounts", head(id, version, state, deleted=deleted and version == len(states)))
            for version, state in enumerate(states, start=1)
        ]
    return commits


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[tuple[str, Head]], list[list[dict[str, Any]]]]:
    """Draw the commits of some histories, and batches that deliver each at least once, in any order."""
    commits = [commit for number in range(1, 4) for commit in draw(transfers(number))] + draw(others())
    delivered = draw(st.permutations(commits + draw(st.lists(st.sampled_from(commits), max_size=8))))
    records = [record(service, commit) for service, commit in delivered]
    cuts = sorted(draw(st.sets(st.integers(1, len(records)), max_size=5)))
    return commits, [records[start:end] for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True)]


@given(deliveries())
def test_every_delivery_ends_in_the_fold(
    projector: Projector, delivery: tuple[list[tuple[str, Head]], list[list[dict[str, Any]]]]
) -> None:
    """After each batch, the summaries equal the sums. After the last one, all tables equal the fold."""
    empty(projector.url)
    commits, batches = delivery
    for batch in batches:
        assert projector(batch) == []
        kept, sums = summaries(projector.url)
        assert kept == sums
    assert base_tables(projector.url) == fold(commits)
    assert not projector.dead.letters
