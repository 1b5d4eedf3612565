"""The private stores that all other tests use."""

import pytest

from chalicelib.core.mysql.connections import connect
from tests.core.domain.roles import CLERK
from tests.core.things import unique
from tests.support.client import Client
from tests.support.stack import Stack
from tests.support.stores import Tables


def test_tables_have_streams_with_both_images(tables: Tables) -> None:
    """Every service's table streams new and old images. The dead-letter table has no stream."""
    for service in tables.domain.services:
        table = tables.client.describe_table(TableName=tables.name(service))["Table"]
        assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    dead = tables.client.describe_table(TableName=tables.name("dead-letters"))["Table"]
    assert "LatestStreamArn" not in dead


def test_tables_expire_key_claims(tables: Tables) -> None:
    """DynamoDB deletes items by their attribute expires_at."""
    answer = tables.client.describe_time_to_live(TableName=tables.name("transfers"))
    assert answer["TimeToLiveDescription"]["AttributeName"] == "expires_at"


@pytest.mark.parametrize("run", [1, 2])
def test_database_is_empty_at_each_test(database: str, run: int) -> None:
    """A test does not see what another one wrote."""
    connection = connect(database)
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM heartbeats")
        assert cursor.fetchone() == (0,)
        cursor.execute("INSERT INTO heartbeats VALUES ('transfers', %s, NOW(3), NOW(3))", (run,))
    connection.close()


def test_stack_shows_what_was_written(stack: Stack) -> None:
    """A command over HTTP reaches a query over HTTP, through the stream and the projector."""
    client = stack.client(CLERK)
    number = unique()
    written = client.post("/accounts", {"number": number, "name": number})
    token = written.headers["consistency-token"]
    shown = client.get(written.headers["location"], Consistency_Token=token)
    assert (written.status, shown.status, shown.json["name"]) == (201, 200, number)
    assert "application/problem+json" in Client(stack.url).get("/accounts").headers["content-type"]
