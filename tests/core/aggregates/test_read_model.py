"""An aggregate with rows is looked up in its rows, one without rows in the timeline. An id of no kind is reported."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.core.errors import Malformed, ReadModelBehind
from chalicelib.core.mysql.connections import Readers, connect
from chalicelib.core.queries.snapshot import snapshot
from chalicelib.core.reactor import ReactorDeps, react
from chalicelib.core.tokens import Token
from local.catchup import CatchUp
from ops.rebuild.run import RebuildJob, rebuild
from ops.verify import Drift, Target, VerifyOptions, verify
from tests.core.aggregates.billing import BILLING
from tests.core.aggregates.conftest import World, commit
from tests.core.histories import record
from tests.core.memory_store import MemoryStore
from tests.core.projecting import MemoryDeadLetters

pytestmark = pytest.mark.database

SERVICES = {"billing": BILLING}


@contextmanager
def quiet(_what: str, _total: int | None) -> Iterator[Any]:
    """Run a phase without output."""
    yield lambda _count: None


def test_the_projector(world: World) -> None:
    """An invoice has a row. A payment has a line of the timeline. An id of no kind is set aside with the reason."""
    assert world.project(commit("inv_1"), commit("ref_1"), commit("pay_1"), commit("inv_2")) == []
    assert world.sql("SELECT id FROM invoices ORDER BY id") == (("inv_1",), ("inv_2",))
    assert world.sql("SELECT id FROM timeline ORDER BY id") == (("inv_1",), ("inv_2",), ("pay_1",), ("ref_1",))
    (letter,) = world.dead.letters.values()
    assert letter.id == "billing#ref_1#1"
    assert "billing has no kind of aggregate for the id 'ref_1'" in letter.error


def test_a_token_of_what_has_no_row(world: World) -> None:
    """The commit is seen once the timeline shows it. The query does not wait for a row that never comes."""
    world.project(commit("pay_1", 2))
    with snapshot(world.pool, [Token("billing", "pay_1", 2)], 0, SERVICES):
        pass
    with pytest.raises(ReadModelBehind), snapshot(world.pool, [Token("billing", "pay_1", 3)], 0, SERVICES):
        pytest.fail("the query must not run")


def test_a_token_of_what_has_a_row(world: World) -> None:
    """The commit is seen once the row shows it. The timeline alone is not enough."""
    world.project(commit("inv_1", 2))
    with snapshot(world.pool, [Token("billing", "inv_1", 2)], 0, SERVICES):
        pass
    world.sql("UPDATE invoices SET version = 1")
    with pytest.raises(ReadModelBehind), snapshot(world.pool, [Token("billing", "inv_1", 2)], 0, SERVICES):
        pytest.fail("the query must not run")


def test_a_token_of_no_kind() -> None:
    """The token is refused with 400 at once, even while no database answers."""
    nowhere = Readers("mysql://nobody@127.0.0.1:1/nothing")
    with (
        pytest.raises(Malformed, match="billing has no kind of aggregate for the id 'ref_1'") as caught,
        snapshot(nowhere, [Token("billing", "ref_1", 1)], 10, SERVICES),
    ):
        pytest.fail("the query must not run")
    assert (caught.value.status, caught.value.faults[0].parameter) == (400, "Consistency-Token")


def test_the_reactor() -> None:
    """An id of no kind is set aside, and no policy sees it. The others are reacted to."""
    dead = MemoryDeadLetters()
    deps = ReactorDeps(
        services=SERVICES,
        table=lambda name: f"test-{name}",
        store=lambda _: MemoryStore(),
        dead_letters=dead,
        remaining_ms=lambda: 60_000,
    )
    assert react([record("billing", commit(id)) for id in ("ref_1", "pay_1", "inv_1")], deps) == []
    (letter,) = dead.letters.values()
    assert letter.id == "billing#ref_1#1#reactor"
    assert "billing has no kind of aggregate for the id 'ref_1'" in letter.error


def test_catching_up(world: World) -> None:
    """Everything that the read model lacks is fed once: found by the rows' versions, or else by the timeline's."""
    world.project(commit("inv_1"), commit("pay_1"))
    world.write(*(commit(id, 2) for id in ("inv_1", "inv_2", "pay_1", "pay_2", "ref_1")))
    table = CatchUp(world.tables.client, world.table, BILLING, world.pool)
    fed = [record for records in table.records() for record in records]
    assert sorted(record["dynamodb"]["Keys"]["id"]["S"] for record in fed) == [
        "inv_1",
        "inv_2",
        "pay_1",
        "pay_2",
        "ref_1",
    ]
    assert world.feed(fed) == []
    assert list(world.dead.letters) == ["billing#ref_1#2"]
    assert list(table.records()) == []


def found_by_verify(world: World, *, repair: bool = False) -> set[tuple[str, str]]:
    """Return the findings by kind and key."""
    found: list[Drift] = []
    verify(
        [Target(BILLING, world.table, BILLING.projection)],
        world.tables.client,
        lambda: connect(world.url),
        VerifyOptions(repair=repair, settle_seconds=0, segments=1),
        phase=quiet,
        on_drift=found.append,
    )
    return {(drift.kind.value, drift.key) for drift in found}


def test_verify(world: World) -> None:
    """A payment needs no row and may have none. An invoice needs one. An id of no kind is unreadable."""
    heads = [commit("inv_1"), commit("pay_1")]
    world.write(*heads)
    world.project(*heads)
    assert found_by_verify(world) == set()
    world.write(commit("inv_2"), commit("ref_1"))
    world.sql("INSERT INTO invoices VALUES ('pay_1', 1, 5, NULL)")
    wrong = {("missing", "inv_2"), ("foreign", "pay_1"), ("unreadable", "ref_1")}
    assert found_by_verify(world, repair=True) == wrong
    assert world.sql("SELECT id FROM invoices ORDER BY id") == (("inv_1",), ("inv_2",))
    assert found_by_verify(world) == {("unreadable", "ref_1")}


def test_rebuild(world: World) -> None:
    """Only invoices get rows in the new tables. An id of no kind is named, and then nothing is swapped."""
    heads = [commit("inv_1"), commit("pay_1")]
    world.write(*heads, commit("ref_1"))
    world.project(*heads)
    world.sql("UPDATE invoices SET amount = 0")
    plan = RebuildJob(
        services=[BILLING],
        table_of=world.tables.name,
        dynamodb=world.tables.client,
        connect=lambda: connect(world.url),
        phase=quiet,
        segments=1,
        settle_seconds=0,
    )
    outcome = rebuild(plan)
    assert ([refused.id for refused in outcome.refused], outcome.swapped) == (["ref_1"], False)
    world.tables.client.delete_item(TableName=world.table, Key={"id": {"S": "ref_1"}})
    outcome = rebuild(plan, resume=True)
    assert outcome.swapped
    assert world.sql("SELECT id, version, amount FROM invoices") == (("inv_1", 1, 5),)
