"""The saga under random commands, redelivery and crashes: at rest no piece is lost, promised twice or left reserved."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from chalicelib.core.commands.store import Commit, WriteStore
from chalicelib.core.decider import Rejected
from chalicelib.core.dynamodb.codec import head_of
from chalicelib.core.dynamodb.store import DynamoStore
from tests.saga.conftest import in_memory
from tests.saga.rest import AT_REST
from tests.saga.world import SERVICES, World
from tests.support.stores import Tables

SKUS = ("A", "B", "C")
LINES = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 4)), min_size=1, max_size=3)
# Two commits at most follow from a record, and a batch has many: beyond that a crash is no crash.
CRASHES = st.none() | st.integers(0, 12)
LONG = os.environ.get("FAULTS") == "long"


class Saga(RuleBasedStateMachine):
    """Clients, two streams, and a reactor that is cut off anywhere and fed again with anything."""

    def __init__(self, world: World | None = None) -> None:
        super().__init__()
        self.world = world or in_memory()
        self.ids: list[str] = []
        self.came: Counter[str] = Counter()

    # ---- clients ----

    @rule(sku=st.sampled_from(SKUS), quantity=st.integers(1, 6))
    def receive(self, sku: str, quantity: int) -> None:
        """Goods come in."""
        self.world.receive(sku, quantity)
        self.came[sku] += quantity

    @rule(sku=st.sampled_from(SKUS), change=st.integers(-4, 2))
    def adjust(self, sku: str, change: int) -> None:
        """Somebody counts."""
        try:
            self.world.adjust(sku, change)
        except Rejected:
            return
        self.came[sku] += change

    @rule(lines=LINES)
    def place(self, lines: list[tuple[str, int]]) -> None:
        """A customer orders."""
        id = f"ord_{len(self.ids)}"
        self.world.place(id, lines)
        self.ids.append(id)

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), step=st.sampled_from(["cancel", "ship", "deliver"]))
    def go_on(self, data: Any, step: str) -> None:
        """Somebody takes an order a step further, or tries to."""
        with suppress(Rejected):
            getattr(self.world, step)(data.draw(st.sampled_from(self.ids)))

    # ---- streams ----

    @rule(service=st.sampled_from(sorted(SERVICES)), size=st.integers(1, 6), crash_after=CRASHES)
    def feed(self, service: str, size: int, crash_after: int | None) -> None:
        """The next batch comes; the reactor may die over it."""
        self.world.feed(service, size, crash_after)

    @precondition(lambda self: any(self.world.checkpoints.values()))
    @rule(service=st.sampled_from(sorted(SERVICES)), data=st.data())
    def redeliver(self, service: str, data: Any) -> None:
        """Records that were done come again, days later, in any order."""
        done = self.world.streams[service][: self.world.checkpoints[service]]
        if done:
            chosen = data.draw(st.lists(st.sampled_from(range(len(done))), min_size=1, max_size=6))
            assert self.world.react(service, [done[index] for index in chosen]) == []

    @rule()
    def rest(self) -> None:
        """Everything under way comes to its end."""
        self.world.settle()
        self.check_at_rest()

    def teardown(self) -> None:
        """In the end too; and then all that ever was comes once more, and changes nothing."""
        self.world.settle()
        self.check_at_rest()
        before = {name: list(stream) for name, stream in self.world.streams.items()}
        for service, stream in before.items():
            assert self.world.react(service, stream[::-1]) == []
        assert self.world.streams == before

    # ---- what holds ----

    @invariant()
    def nothing_is_promised_twice(self) -> None:
        """At every moment no more is reserved than there is, and a stock's promises are its reservations'."""
        reserved: Counter[str] = Counter()
        for id, head in self.world.inventory().items():
            if id.startswith("res#") and head.state["status"] == "reserved":
                reserved.update(head.state["lines"])
        for sku in SKUS:
            if sku in self.world.inventory():
                on_hand, promised = self.world.stock(sku)
                assert 0 <= promised <= on_hand
                assert promised == reserved[sku]

    def check_at_rest(self) -> None:
        """No piece is lost, every order has its answer, and none that is finished has anything reserved."""
        gone: Counter[str] = Counter()
        for id, head in self.world.orders().items():
            status = head.state["status"]
            assert self.world.status(f"res#{id}") in AT_REST[status], (id, status)
            if status in ("shipped", "delivered"):
                for line in head.state["lines"]:
                    gone[line["sku"]] += line["quantity"]
        for sku in SKUS:
            on_hand = self.world.stock(sku)[0] if sku in self.world.inventory() else 0
            assert on_hand == self.came[sku] - gone[sku]
        assert not self.world.dead.letters


def test_in_memory() -> None:
    """Many histories, on a store that passes the conformance suite."""
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Saga,
        settings=settings(max_examples=2000 if LONG else 400, stateful_step_count=40, deadline=None),
    )


class _Published:
    """The real store, telling each new head as its stream would."""

    def __init__(self, store: WriteStore, published: Any) -> None:
        self._store = store
        self._published = published

    def commit(self, commit: Commit) -> None:
        """See `WriteStore.commit`."""
        self._store.commit(commit)
        for head in commit.heads:
            self._published(head)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@contextmanager
def on_dynamodb(tables: Tables) -> Iterator[World]:
    """A world on real tables, empty."""
    for service in SERVICES:
        for item in tables.items(service):
            tables.client.delete_item(TableName=tables.name(service), Key={"id": item["id"]})

    def make(service: str, published: Any) -> Any:
        return _Published(DynamoStore(tables.client, tables.name(service)), published)

    world = World(make)
    yield world
    for service in SERVICES:
        newest = {head.id: head for head in world.streams[service]}
        assert {head.id: head for head in map(head_of, tables.items(service))} == newest


@pytest.mark.slow
def test_on_dynamodb(tables: Tables) -> None:
    """Fewer histories, on real tables: conditions and transactions are DynamoDB's own."""

    class OnDynamoDB(Saga):
        def __init__(self) -> None:
            self._context = on_dynamodb(tables)
            super().__init__(self._context.__enter__())

        def teardown(self) -> None:
            super().teardown()
            self._context.__exit__(None, None, None)

    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        OnDynamoDB,
        settings=settings(
            max_examples=200 if LONG else 20,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
