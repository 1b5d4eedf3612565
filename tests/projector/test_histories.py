"""Any order, any duplicates, any cut into batches: the same read model, equal to the fold of the write model."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.core.service import Head
from tests.projector.conftest import Projector
from tests.projector.histories import START, fold, head, iso, order_state, record
from tests.projector.reading import base_tables, summaries
from tests.support.stores import empty

pytestmark = pytest.mark.database

SKUS = st.sampled_from(["A", "a", "B", "C-1"])
MONEY = st.integers(0, 1_000_000_000)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
LINES = st.lists(st.tuples(SKUS, st.integers(1, 1_000_000), MONEY), min_size=1, max_size=4)
STATUS = st.sampled_from(["placed", "confirmed", "rejected", "cancelled", "shipped", "delivered"])


@st.composite
def orders(draw: st.DrawFn, number: int) -> list[tuple[str, Head]]:
    """An order's commits. Its lines change too, more than the domain lets them, so that rows come and go."""
    fixed = {
        "customer_id": f"cus_{draw(st.integers(1, 2))}",
        "customer_name": draw(TEXT),
        "currency": draw(st.sampled_from(["GBP", "EUR"])),
        "placed_at": iso(START + timedelta(hours=draw(st.integers(0, 48)))),
        "reference": draw(st.none() | st.just(f"R-{number}")),
    }
    states = draw(st.lists(st.tuples(STATUS, LINES), min_size=1, max_size=5))
    return [
        ("orders", head(f"ord_{number}", version, order_state(status, lines, **fixed)))
        for version, (status, lines) in enumerate(states, start=1)
    ]


@st.composite
def others(draw: st.DrawFn) -> list[tuple[str, Head]]:
    """Commits of a customer, a product, its stock and a reservation; some end in tombstones."""
    customer = [
        {"name": name, "email": "a@example.com", "created_at": iso(START)} for name in draw(st.lists(TEXT, max_size=3))
    ]
    product = [
        {"name": name, "price": draw(MONEY), "currency": "GBP", "created_at": iso(START)}
        for name in draw(st.lists(TEXT, max_size=3))
    ]
    stock = [{"on_hand": on_hand} if on_hand else {} for on_hand in draw(st.lists(st.integers(0, 9), max_size=3))]
    commits: list[tuple[str, Head]] = []
    histories: list[tuple[str, str, list[dict[str, Any]]]] = [
        ("customers", "cus_1", customer),
        ("catalog", "A", product),
        ("inventory", "A", stock),
        ("inventory", "res#ord_1", [{"status": "reserved"}]),
    ]
    for service, id, states in histories:
        deleted = draw(st.booleans())
        commits += [
            (service, head(id, version, state, deleted=deleted and version == len(states)))
            for version, state in enumerate(states, start=1)
        ]
    return commits


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[tuple[str, Head]], list[list[dict[str, Any]]]]:
    """The commits of some histories, and batches that deliver each at least once, in any order."""
    commits = [commit for number in range(1, 4) for commit in draw(orders(number))] + draw(others())
    delivered = draw(st.permutations(commits + draw(st.lists(st.sampled_from(commits), max_size=8))))
    records = [record(service, commit) for service, commit in delivered]
    cuts = sorted(draw(st.sets(st.integers(1, len(records)), max_size=5)))
    return commits, [records[start:end] for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True)]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(deliveries())
def test_every_delivery_ends_in_the_fold(
    projector: Projector, delivery: tuple[list[tuple[str, Head]], list[list[dict[str, Any]]]]
) -> None:
    """After each batch the summaries equal the sums; after the last all tables equal the fold."""
    empty(projector.url)
    commits, batches = delivery
    for batch in batches:
        assert projector(batch) == []
        kept, sums = summaries(projector.url)
        assert kept == sums
    assert base_tables(projector.url) == fold(commits)
    assert not projector.dead.letters
