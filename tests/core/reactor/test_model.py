"""The saga under random commands, redelivery and crashes: no money is lost, promised twice or left held."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from chalicelib.core.commands.store import Commit, WriteStore
from chalicelib.core.decider import Missing, Rejected
from chalicelib.core.dynamodb.codec import stored_head
from chalicelib.core.dynamodb.store import DynamoStore
from tests.core.bootstrap import SERVICES
from tests.core.domain.accounts.domain import HOLD_PREFIX, hold_id
from tests.core.reacting import Published
from tests.core.reactor.world import World
from tests.core.redelivery import Redelivery, run
from tests.core.rest import AT_REST
from tests.support.stores import Tables

ACCOUNTS = ("A", "B", "C")
MOVES = st.lists(
    st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS), st.integers(1, 4)), min_size=1, max_size=2
)


class Saga(Redelivery):
    """Clients of accounts and transfers."""

    def __init__(self, world: World | None = None) -> None:
        super().__init__(world or World())
        self.ids: list[str] = []
        self.deposited = 0
        for account in ACCOUNTS[:2]:  # so that most transfers have a chance from the beginning
            self.deposit(account, 5)

    @rule(account=st.sampled_from(ACCOUNTS), amount=st.integers(0, 6))
    def deposit(self, account: str, amount: int) -> None:
        """Open an account that is not open, for the first time or again, and perhaps deposit money."""
        with suppress(Rejected):
            self.world.open(account)
        if amount:
            self.world.deposit(account, amount)
            self.deposited += amount

    @rule(account=st.sampled_from(ACCOUNTS))
    def close(self, account: str) -> None:
        """Try to close an account."""
        with suppress(Rejected, Missing):
            self.world.close(account)

    @rule(moves=MOVES, feeds=st.integers(0, 2))
    def request(self, moves: list[tuple[str, str, int]], feeds: int) -> None:
        """Request a transfer, whose legs may cancel each other out. Often it is answered before anything else."""
        id = f"tra_{len(self.ids)}"
        self.world.request(id, [leg for a, b, amount in moves for leg in ((a, -amount), (b, amount))])
        self.ids.append(id)
        for service in ("transfers", "accounts")[:feeds]:
            self.world.feed(service)

    @precondition(lambda self: self.ids)
    @rule(which=st.integers(0, 99), step=st.sampled_from(["cancel", "settle", "expire"]))
    def go_on(self, which: int, step: str) -> None:
        """Try to take a transfer a step further."""
        with suppress(Rejected):
            getattr(self.world, step)(self.ids[which % len(self.ids)])

    @invariant()
    def nothing_is_promised_twice(self) -> None:
        """Check that no more is held than exists, an account's promises equal its holds, and no money is lost."""
        held, expected = Counter[str](), Counter[str]()
        heads = self.world.newest("accounts")
        for id, head in heads.items():
            if id.startswith(HOLD_PREFIX) and head.state["status"] == "held":
                for account, change in head.state.get("legs", {}).items():
                    held[account] += max(0, -change)
                    expected[account] += max(0, change)
        money = {account: self.world.money(account) for account in ACCOUNTS if account in heads}
        assert all(promised <= balance for balance, promised, _ in money.values())
        assert all(one[1:] == (held[account], expected[account]) for account, one in money.items())
        assert sum(balance for balance, _, _ in money.values()) == self.deposited

    def check_at_rest(self) -> None:
        """Check that every transfer is answered, and no finished transfer holds anything."""
        super().check_at_rest()
        statuses = {id: head.state["status"] for id, head in self.world.newest("transfers").items()}
        assert {
            id: status for id, status in statuses.items() if self.world.status(hold_id(id)) not in AT_REST[status]
        } == {}


def test_in_memory() -> None:
    """Many histories pass, on a store that passes the conformance suite."""
    run(Saga, examples=60, steps=30)


class _Published:
    """The real store, which reports each new head as its stream would."""

    def __init__(self, store: WriteStore, published: Published) -> None:
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
    """Yield an empty world on real tables."""
    for service in SERVICES:
        for item in tables.items(service):
            tables.client.delete_item(TableName=tables.name(service), Key={"id": item["id"]})

    def make(service: str, published: Published) -> Any:
        return _Published(DynamoStore(tables.client, tables.name(service), SERVICES[service]), published)

    world = World(make)
    yield world
    for service in SERVICES:
        found = [item for item in tables.items(service) if "state" in item]  # and not a claim
        assert {head.id: head for head in map(stored_head, found)} == world.newest(service)


@pytest.mark.slow
def test_on_dynamodb(tables: Tables) -> None:
    """Fewer histories pass on real tables, with DynamoDB's own conditions and transactions."""

    class OnDynamoDB(Saga):
        def __init__(self) -> None:
            self._context = on_dynamodb(tables)
            super().__init__(self._context.__enter__())

        def teardown(self) -> None:
            super().teardown()
            self._context.__exit__(None, None, None)

    run(OnDynamoDB, examples=10, steps=25)
