"""The private stores that all other tests rely on."""

import pytest

from chalicelib.core.database import connect
from tests.conftest import Tables


def test_tables_have_streams_with_both_images(tables: Tables) -> None:
    """Every service's table streams new and old images; the dead-letter table has no stream."""
    for service in ("customers", "catalog", "inventory", "orders"):
        table = tables.client.describe_table(TableName=tables.name(service))["Table"]
        assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    dead = tables.client.describe_table(TableName=tables.name("dead-letters"))["Table"]
    assert "LatestStreamArn" not in dead


def test_tables_expire_key_claims(tables: Tables) -> None:
    """DynamoDB deletes items by their attribute expires_at."""
    answer = tables.client.describe_time_to_live(TableName=tables.name("orders"))
    assert answer["TimeToLiveDescription"]["AttributeName"] == "expires_at"


@pytest.mark.parametrize("run", [1, 2])
def test_database_is_empty_at_each_test(database: str, run: int) -> None:
    """What one test wrote, the next does not see."""
    connection = connect(database)
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM heartbeats")
        assert cursor.fetchone() == (0,)
        cursor.execute("INSERT INTO heartbeats VALUES ('orders', %s, NOW(3), NOW(3))", (run,))
    connection.close()
