"""Catching up what a lost stream would have carried."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.bootstrap import SERVICES
from chalicelib.core.mysql.connections import Pool, connect
from local.catchup import Found, catch_up
from local.template import Template
from tests.core.contract.lossy_proxy import LossyProxy
from tests.support.stores import Tables

CatchUp = Callable[..., list[tuple[str, str, int]]]


@pytest.fixture
def caught_up(tables: Tables, database: str) -> CatchUp:
    """Catches up into functions that remember; what one of them was fed: table, id, version, sorted."""

    def run(
        function: str = "app.project", *, at_rest: bool = True, endpoint: str = tables.endpoint
    ) -> list[tuple[str, str, int]]:
        fed: dict[str, list[dict[str, Any]]] = {"app.project": [], "app.react": []}
        sources = Template(tables.prefix).mappings()
        handlers = {name: lambda event, _, to=records: to.extend(event["Records"]) for name, records in fed.items()}
        pool = Pool(database, size=4)
        found = catch_up(endpoint, tables.prefix, SERVICES, pool, sources, handlers, at_rest=at_rest)
        pool.close()
        assert found.newer == len(fed["app.project"])
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


def execute(database: str, statement: str) -> None:
    """Run one statement."""
    connection = connect(database)
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def test_nothing_is_fed_where_both_sides_agree(tables: Tables, database: str, caught_up: CatchUp) -> None:
    """An aggregate whose row has its version is left alone, and so is one whose row is newer."""
    for number in (1, 2):
        put(tables, "inventory", f"SKU{number}", 3)
    execute(database, "INSERT INTO stock VALUES ('SKU1', 3, 0, 0, 0, NOW(3), NULL), ('SKU2', 4, 0, 0, 0, NOW(3), NULL)")
    assert caught_up() == []
    assert caught_up.found == Found(ahead=1)  # type: ignore[attr-defined]


def test_what_the_tables_have_lost_is_counted(tables: Tables, database: str, caught_up: CatchUp) -> None:
    """Rows of things that the tables do not hold, and rows in a later version: nobody is told that nothing was lost."""
    for number in (1, 2, 3):
        put(tables, "inventory", f"SKU{number}", 3)
    put(tables, "inventory", "res#ord_1", 1)
    execute(
        database,
        "INSERT INTO stock VALUES ('SKU1', 3, 0, 0, 0, NOW(3), NULL), ('SKU2', 5, 0, 0, 0, NOW(3), NULL),"
        " ('SKU8', 1, 0, 0, 0, NOW(3), NULL), ('SKU9', 1, 0, 0, 0, NOW(3), NOW(3))",
    )
    execute(database, "INSERT INTO timeline VALUES ('inventory', 'res#ord_1', 2, NOW(3), 'c', 'a', 'x', '[]')")
    assert caught_up() == [("inventory", "SKU3", 3)]
    assert caught_up.found == Found(newer=1, without_item=2, ahead=2)  # type: ignore[attr-defined]
    assert "2 things that the tables do not hold, and 2 in a later version" in str(caught_up.found)  # type: ignore[attr-defined]
    assert "LOST" not in str(Found(newer=3))


def test_newer_and_unknown_aggregates_are_fed(tables: Tables, database: str, caught_up: CatchUp) -> None:
    """A version that the read model has not reached, or never saw, goes through the function, in any number."""
    put(tables, "inventory", "SKU1", 4)
    execute(database, "INSERT INTO stock VALUES ('SKU1', 3, 0, 0, 0, NOW(3), NULL)")
    for number in range(250):
        put(tables, "orders", f"ord_{number:03}", 1)
    assert caught_up() == [
        ("inventory", "SKU1", 4),
        *(("orders", f"ord_{number:03}", 1) for number in range(250)),
    ]


def test_a_table_that_throttles_is_waited_for(tables: Tables, caught_up: CatchUp) -> None:
    """Keys that DynamoDB leaves unprocessed are asked for again, more often than a command would."""
    for number in range(3):
        put(tables, "orders", f"ord_{number}", 1)
    proxy = LossyProxy(tables.endpoint)
    proxy.decide = lambda operation, count: "leave one" if operation == "BatchGetItem" and count < 7 else "pass"
    assert caught_up(endpoint=proxy.endpoint) == [("orders", f"ord_{number}", 1) for number in range(3)]
    assert proxy.counts["BatchGetItem"] == 8
    proxy.close()


def test_what_has_no_row_is_compared_with_the_timeline(tables: Tables, database: str, caught_up: CatchUp) -> None:
    """A reservation has no row of its own; its newest commit in the timeline says how far it is."""
    put(tables, "inventory", "res#ord_1", 2)
    put(tables, "inventory", "res#ord_2", 2)
    execute(
        database,
        "INSERT INTO timeline VALUES ('inventory', 'res#ord_1', 1, NOW(3), 'c', 'a', 'x', '[]'),"
        " ('inventory', 'res#ord_2', 1, NOW(3), 'c', 'a', 'y', '[]'),"
        " ('inventory', 'res#ord_2', 2, NOW(3), 'c', 'a', 'z', '[]')",
    )
    assert caught_up() == [("inventory", "res#ord_1", 2)]


def test_what_has_no_version_is_fed(tables: Tables, caught_up: CatchUp) -> None:
    """Nobody knows how new it is: the function shall set it aside, and everything else goes on."""
    for id, version in (("ord_1", {"S": "1"}), ("ord_2", None)):
        item = {"id": {"S": id}, **({"version": version} if version else {})}
        tables.client.put_item(TableName=tables.name("orders"), Item=item)
    put(tables, "orders", "ord_3", 1)
    fed = [("orders", "ord_1", 0), ("orders", "ord_2", 0), ("orders", "ord_3", 1)]
    assert caught_up() == fed
    assert caught_up("app.react", at_rest=False) == fed


def test_claims_and_heartbeats_are_no_aggregates(tables: Tables, caught_up: CatchUp) -> None:
    """Neither is fed: claims are not shown at all, and the next heartbeat comes by itself."""
    put(tables, "orders", "heartbeat#", 7)
    item = {"id": {"S": "claim#reference#7"}, "owner": {"S": "ord_1"}, "commit": {"S": "c"}}
    tables.client.put_item(TableName=tables.name("orders"), Item=item)
    assert caught_up() == []


def test_the_reactor_is_fed_what_asks_for_anything(tables: Tables, caught_up: CatchUp) -> None:
    """Every order and every reservation, whatever the read model shows, unless all was at rest."""
    put(tables, "orders", "ord_1", 3)
    put(tables, "inventory", "res#ord_1", 1)
    put(tables, "inventory", "SKU1", 1)
    put(tables, "customers", "cus_1", 1)
    assert caught_up("app.react", at_rest=False) == [("inventory", "res#ord_1", 1), ("orders", "ord_1", 3)]
    assert caught_up("app.react", at_rest=True) == []
