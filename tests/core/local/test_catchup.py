"""Catching up processes the records that a lost stream would have delivered."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.core.mysql.connections import Pool
from local.catchup import CaughtUp, catch_up
from local.template import Template
from tests.core.bootstrap import SERVICES
from tests.core.contract.lossy_proxy import LossyProxy
from tests.core.reading import query as execute
from tests.support.domain import NEUTRAL
from tests.support.stores import Tables

PROJECT, REACT = "tests.core.app.project", "tests.core.app.react"
IDS = [f"tra_{number:03}" for number in range(250)]
CatchUp = Callable[..., list[tuple[str, str, int]]]


@pytest.fixture
def caught_up(tables: Tables, database: str) -> CatchUp:
    """Catch up into functions that remember. Return what one of them got: table, id, version, sorted."""

    def run(
        function: str = PROJECT, *, at_rest: bool = True, endpoint: str = tables.endpoint
    ) -> list[tuple[str, str, int]]:
        fed: dict[str, list[dict[str, Any]]] = {PROJECT: [], REACT: []}
        sources = Template(tables.prefix, NEUTRAL.template).mappings()
        handlers = {name: lambda event, _, to=records: to.extend(event["Records"]) for name, records in fed.items()}
        pool = Pool(database, size=4)
        found = catch_up(endpoint, tables.prefix, SERVICES, pool, sources, handlers, at_rest=at_rest)
        pool.close()
        assert found.newer == len(fed[PROJECT])
        run.found = found  # type: ignore[attr-defined]
        records = fed[function]
        return sorted(
            (
                record["eventSourceARN"].split("/")[1].removeprefix(tables.prefix),
                record["dynamodb"]["NewImage"]["id"]["S"],
                int(record["dynamodb"]["NewImage"].get("version", {}).get("N", 0)),
            )
            for record in records
        )

    return run


def put(tables: Tables, service: str, id: str, version: int) -> None:
    """Write an item with that version."""
    tables.client.put_item(TableName=tables.name(service), Item={"id": {"S": id}, "version": {"N": str(version)}})


def show(database: str, **versions: int) -> None:
    """Write rows of accounts in those versions into the read model."""
    rows = [f"('{id}', {version}, 'u', 'n', '', 0, 0, 0, NOW(3), NOW(3), NULL)" for id, version in versions.items()]
    execute(database, f"INSERT INTO accounts VALUES {', '.join(rows)}")


def commit(database: str, id: str, *versions: int) -> None:
    """Write those commits of an aggregate of the accounts into the timeline."""
    rows = [f"('accounts', '{id}', {version}, NOW(3), 'x', 'a', 'c{version}', '[]')" for version in versions]
    columns = "service, id, version, at, command, actor, commit_id, events"
    execute(database, f"INSERT INTO timeline ({columns}) VALUES {', '.join(rows)}")


def test_nothing_is_fed_where_both_sides_agree(tables: Tables, database: str, caught_up: CatchUp) -> None:
    """An aggregate whose row has the same or a newer version is left alone."""
    for number in (1, 2):
        put(tables, "accounts", f"A{number}", 3)
    show(database, A1=3, A2=4)
    assert caught_up() == []
    assert caught_up.found == CaughtUp(ahead=1)  # type: ignore[attr-defined]


def test_what_the_tables_have_lost_is_counted(tables: Tables, database: str, caught_up: CatchUp) -> None:
    """Rows without an item, and rows with a later version, are counted and reported as lost."""
    for number in (1, 2, 3):
        put(tables, "accounts", f"A{number}", 3)
    put(tables, "accounts", "hold#tra_1", 1)
    show(database, A1=3, A2=5, A8=1, A9=1)
    execute(database, "UPDATE accounts SET deleted_at = NOW(3) WHERE id = 'A9'")
    commit(database, "hold#tra_1", 2)
    assert caught_up() == [("accounts", "A3", 3)]
    assert caught_up.found == CaughtUp(newer=1, without_item=2, ahead=2)  # type: ignore[attr-defined]
    assert "2 aggregates are missing in the tables, and 2 have an older version" in str(caught_up.found)  # type: ignore[attr-defined]
    assert "LOST" not in str(CaughtUp(newer=3))


def test_newer_and_unknown_aggregates_are_fed(tables: Tables, database: str, caught_up: CatchUp) -> None:
    """A version that the read model has not reached, or never saw, goes through the function, in any number."""
    put(tables, "accounts", "A1", 4)
    show(database, A1=3)
    puts: list[Any] = [{"PutRequest": {"Item": {"id": {"S": id}, "version": {"N": "1"}}}} for id in IDS]
    for start in range(0, len(puts), 25):
        tables.client.batch_write_item(RequestItems={tables.name("transfers"): puts[start : start + 25]})
    assert caught_up() == [("accounts", "A1", 4), *(("transfers", id, 1) for id in IDS)]


def test_a_table_that_throttles_is_waited_for(tables: Tables, caught_up: CatchUp) -> None:
    """Keys that DynamoDB leaves unprocessed are requested again, more often than a command would."""
    for number in range(3):
        put(tables, "transfers", f"tra_{number}", 1)
    proxy = LossyProxy(tables.endpoint)
    proxy.decide = lambda operation, count: "leave one" if operation == "BatchGetItem" and count < 7 else "pass"
    assert caught_up(endpoint=proxy.endpoint) == [("transfers", f"tra_{number}", 1) for number in range(3)]
    assert proxy.counts["BatchGetItem"] == 8
    proxy.close()


def test_what_has_no_row_is_compared_with_the_timeline(tables: Tables, database: str, caught_up: CatchUp) -> None:
    """A hold has no row of its own. Its newest commit in the timeline says which version was processed."""
    put(tables, "accounts", "hold#tra_1", 2)
    put(tables, "accounts", "hold#tra_2", 2)
    commit(database, "hold#tra_1", 1)
    commit(database, "hold#tra_2", 1, 2)
    assert caught_up() == [("accounts", "hold#tra_1", 2)]


def test_what_has_no_version_is_fed(tables: Tables, caught_up: CatchUp) -> None:
    """Nobody knows how new such an item is, so it is fed. The function sets it aside, and everything else goes on."""
    for id, version in (("tra_1", {"S": "1"}), ("tra_2", None)):
        item = {"id": {"S": id}, **({"version": version} if version else {})}
        tables.client.put_item(TableName=tables.name("transfers"), Item=item)
    put(tables, "transfers", "tra_3", 1)
    fed = [("transfers", "tra_1", 0), ("transfers", "tra_2", 0), ("transfers", "tra_3", 1)]
    assert caught_up() == fed
    assert caught_up(REACT, at_rest=False) == fed


def test_claims_and_heartbeats_are_no_aggregates(tables: Tables, caught_up: CatchUp) -> None:
    """Neither is fed: claims are never shown, and the next heartbeat comes by itself."""
    put(tables, "transfers", "heartbeat#", 7)
    item = {"id": {"S": "claim#reference#7"}, "owner": {"S": "tra_1"}, "commit": {"S": "c"}}
    tables.client.put_item(TableName=tables.name("transfers"), Item=item)
    assert caught_up() == []


def test_the_reactor_is_fed_what_asks_for_anything(tables: Tables, caught_up: CatchUp) -> None:
    """The reactor gets every transfer and every hold, whatever the read model shows, unless all was at rest."""
    put(tables, "transfers", "tra_1", 3)
    put(tables, "accounts", "hold#tra_1", 1)
    put(tables, "accounts", "A1", 1)
    assert caught_up(REACT, at_rest=False) == [("accounts", "hold#tra_1", 1), ("transfers", "tra_1", 3)]
    assert caught_up(REACT, at_rest=True) == []
