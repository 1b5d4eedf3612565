"""Every sample event of the shop, run as Lambda runs it, in an order that tells a story."""

import json
from typing import Any

import pytest

from chalicelib.core.mysql.connections import connect
from tests.deploy.conftest import Deployment
from tests.deploy.lambdas import ENGINES_EVENTS, EVENTS

ADA, CONFIRMED, PLACED = (
    "cus_01JD2Q8N3XW7GK5T0V9M4R6B1C",
    "ord_01JD2QB4S5YZ1Q8N3XW7GK5T0A",
    "ord_01JD2QB4S5YZ1Q8N3XW7GK5T0B",
)
STREAMS = ("customers", "catalog", "inventory", "orders")
# The orders that the reactor gets, by the last letter of their ids.
RESERVED, CANCELLED, TOO_LARGE, CANCELLED_LATER = (PLACED[:-1] + letter for letter in "EFGH")
USED: set[str] = set()
pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]


def invoke(deployment: Deployment, name: str, function: str, **replaced: str) -> Any:
    """Run a sample event, and note that it was run."""
    USED.add(name)
    return deployment.invoke(name, function, **replaced)


def command(deployment: Deployment, name: str) -> tuple[int, Any]:
    """Return status and body of a command's event."""
    return _answer(invoke(deployment, f"command-{name}", "CommandsFunction"))


def query(deployment: Deployment, name: str) -> tuple[int, Any]:
    """Return status and body of a query's event."""
    return _answer(invoke(deployment, f"query-{name}", "QueriesFunction"))


def _answer(response: Any) -> tuple[int, Any]:
    return response["statusCode"], json.loads(response["body"])


@pytest.fixture(scope="module", autouse=True)
def written(deployment: Deployment) -> None:
    """Write the items of the streams' events to the tables too, as they would be in reality."""
    streams = [(service, service) for service in STREAMS]
    for service, stream in [*streams, ("orders", "reactor-orders")]:
        for record in deployment.event(f"stream-{stream}")["Records"]:
            deployment.tables.client.put_item(
                TableName=deployment.tables.name(service), Item=record["dynamodb"]["NewImage"]
            )


@pytest.fixture(scope="module", autouse=True)
def projected(deployment: Deployment, written: None) -> dict[str, Any]:
    """Return the projector's answer to each stream's event."""
    return {name: invoke(deployment, f"stream-{name}", "ProjectorFunction") for name in STREAMS}


def rows(deployment: Deployment, sql: str) -> list[tuple[Any, ...]]:
    """Return the contents of the read model."""
    connection = connect(deployment.database_url)
    with connection.cursor() as cursor:
        cursor.execute(sql)
        found = list(cursor.fetchall())
    connection.close()
    return found


def test_streams(deployment: Deployment, projected: dict[str, Any]) -> None:
    """Inserts, changes, a duplicate, a tombstone, claims and a heartbeat result in the right rows."""
    assert projected == {name: {"batchItemFailures": []} for name in STREAMS}
    assert rows(deployment, "SELECT id, version, deleted_at IS NULL FROM customers ORDER BY id") == [
        (ADA, 2, 1),
        (ADA[:-1] + "D", 2, 0),
    ]
    assert rows(deployment, "SELECT id, version, status FROM orders ORDER BY id") == [
        (CONFIRMED, 2, "confirmed"),
        (PLACED, 1, "placed"),
    ]
    assert rows(deployment, "SELECT id, version FROM timeline WHERE service = 'orders' ORDER BY id, version") == [
        (CONFIRMED, 1),
        (CONFIRMED, 2),
        (PLACED, 1),
    ]
    assert rows(deployment, "SELECT beat FROM heartbeats") == [(7,)]


def test_a_poison_record(deployment: Deployment) -> None:
    """The poison is set aside. The version before it and the records after it are projected."""
    assert invoke(deployment, "stream-poison", "ProjectorFunction") == {"batchItemFailures": []}
    assert rows(deployment, f"SELECT id, version FROM orders WHERE id > '{PLACED}' ORDER BY id") == [
        (PLACED[:-1] + "C", 1),
        (PLACED[:-1] + "D", 1),
    ]
    (letter,) = deployment.tables.items("dead-letters")
    assert letter["id"]["S"] == f"orders#{PLACED[:-1]}C#2"


def test_a_ttl_removal(deployment: Deployment) -> None:
    """An idempotency key that DynamoDB removed changes nothing."""
    before = rows(deployment, "SELECT COUNT(*) FROM timeline")
    assert invoke(deployment, "stream-ttl-removal", "ProjectorFunction") == {"batchItemFailures": []}
    assert rows(deployment, "SELECT COUNT(*) FROM timeline") == before


def test_commands(deployment: Deployment) -> None:
    """Each command writes. The answers have the headers that a page of another origin may read."""
    response = invoke(deployment, "command-register-customer", "CommandsFunction")
    assert response["statusCode"] == 201
    assert response["headers"]["Location"].startswith("/dev/customers/cus_")
    assert response["headers"]["Access-Control-Allow-Origin"] == "https://app.example"
    assert "Consistency-Token" in response["headers"]["Access-Control-Expose-Headers"]
    assert command(deployment, "change-customer")[1]["name"] == "Ada King"
    assert command(deployment, "add-product")[0] == 201
    assert command(deployment, "receive-stock") == (
        200,
        {"id": "LANTERN-1", "version": 2, "on_hand": 20, "reserved": 0},
    )
    assert command(deployment, "place-order")[1]["total"] == 678


def saga(deployment: Deployment) -> dict[str, str]:
    """Return the status of the reactor's orders and of their reservations, and the reserved pieces of the product."""
    orders = {item["id"]["S"]: item["state"]["M"] for item in deployment.tables.items("orders") if "state" in item}
    stock = {item["id"]["S"]: item["state"]["M"] for item in deployment.tables.items("inventory") if "state" in item}
    known = (RESERVED, CANCELLED, TOO_LARGE, CANCELLED_LATER)
    return {
        **{id[-1]: orders[id]["status"]["S"] for id in known},
        **{f"res {id[-1]}": stock[f"res#{id}"]["status"]["S"] for id in known},
        "promised": stock["LANTERN-1"]["reserved"]["N"],
    }


def test_the_reactor_on_orders(deployment: Deployment) -> None:
    """Placed orders are reserved if there is stock. A cancelled order gets nothing. A duplicate reserves nothing."""
    expected = {"E": "placed", "F": "cancelled", "G": "placed", "H": "placed", "promised": "3"}
    expected |= {"res E": "reserved", "res F": "released", "res G": "short", "res H": "reserved"}
    for _ in range(2):
        assert invoke(deployment, "stream-reactor-orders", "ReactorFunction") == {"batchItemFailures": []}
        assert saga(deployment) == expected


def test_the_reactor_on_reservations(deployment: Deployment) -> None:
    """Reserved pieces confirm an order, and a shortage rejects it. A cancelled order's pieces are released."""
    assert command(deployment, "cancel-order")[1]["status"] == "cancelled"
    expected = {"E": "confirmed", "F": "cancelled", "G": "rejected", "H": "cancelled", "promised": "2"}
    expected |= {"res E": "reserved", "res F": "released", "res G": "short", "res H": "released"}
    for _ in range(2):
        assert invoke(deployment, "stream-reactor-inventory", "ReactorFunction") == {"batchItemFailures": []}
        assert saga(deployment) == expected
    # The only dead letter is the projector's.
    assert len(deployment.tables.items("dead-letters")) == 1


def test_a_repeated_command(deployment: Deployment) -> None:
    """The event with an Idempotency-Key takes effect once, however often Lambda gets it."""
    first, second = command(deployment, "place-order"), command(deployment, "place-order")
    assert first == second


def test_refused_commands(deployment: Deployment) -> None:
    """An invalid or forbidden command is answered with a problem, under Lambda too."""
    status, problem = command(deployment, "invalid")
    assert (status, [error["pointer"] for error in problem["errors"]]) == (422, ["/e-mail", "/name", "/email"])
    assert command(deployment, "forbidden")[0] == 403


def test_queries(deployment: Deployment) -> None:
    """Lists, single orders and reports answer from the read model."""
    status, page = query(deployment, "orders")
    assert (status, [order["id"] for order in page["items"]]) == (200, [CONFIRMED])
    assert query(deployment, "order")[1]["lines"][0]["amount"] == 678
    status, sales = query(deployment, "sales")
    assert (status, [item["amount"] for item in sales["items"]]) == (200, [678])


def test_consistency_tokens(deployment: Deployment) -> None:
    """With a token that the read model has reached, the query answers. With a later token, the answer is 503."""
    assert query(deployment, "order-with-token")[1]["version"] == 2
    status, problem = query(deployment, "order-ahead")
    assert (status, problem["type"]) == (503, "urn:tributary:problem:read-model-behind")


def test_no_authorizer(deployment: Deployment) -> None:
    """A query without the authorizer's context is refused."""
    assert query(deployment, "unauthenticated")[0] == 401


def test_every_event_is_used() -> None:
    """Every sample event is used in a test. This test runs last in this file."""
    assert {path.stem for path in EVENTS.glob("*.json")} == {*USED, *ENGINES_EVENTS}
