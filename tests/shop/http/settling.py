"""Waits until the saga is at rest and the read model has caught up, for tests of what is shown then."""

from chalicelib.bootstrap import SERVICES
from chalicelib.core.mysql.connections import connect
from tests.shop.saga.rest import under_way
from tests.support.stack import Stack
from tests.support.stores import Tables
from tests.support.waiting import eventually


def settle(stack: Stack) -> None:
    """Wait until every order is answered, and the read model shows the newest version of every aggregate."""
    assert eventually(lambda: not (unanswered(stack.tables) or behind(stack))), (
        unanswered(stack.tables),
        behind(stack),
    )


def unanswered(tables: Tables) -> list[str]:
    """Return the orders that the saga has not finished."""
    return under_way(_statuses(tables, "orders"), _statuses(tables, "inventory"))


def _statuses(tables: Tables, service: str) -> dict[str, str]:
    states = ((item["id"]["S"], item.get("state", {}).get("M", {})) for item in tables.items(service))
    return {id: state["status"]["S"] for id, state in states if "status" in state}


def behind(stack: Stack) -> list[str]:
    """Return the aggregates whose newest version the read model does not show."""
    connection = connect(stack.database_url)
    missing = []
    with connection.cursor() as cursor:
        for name, service in SERVICES.items():
            root = service.projection.root
            cursor.execute(f"SELECT {root.key[0]}, version FROM {root.name}")
            shown = dict(cursor.fetchall())
            for item in stack.tables.items(name):
                id = item["id"]["S"]
                if "#" not in id and shown.get(id) != int(item["version"]["N"]):
                    missing.append(id)
    connection.close()
    return missing
