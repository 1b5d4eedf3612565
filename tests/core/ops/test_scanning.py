"""The fast way to read a scan's answer gives the same result as botocore."""

import pytest
from botocore.exceptions import ClientError

from ops.verify.scanning import decoded, prepare, scan
from tests.core.ops.world import World, account, transfer


def test_the_same_items(world: World) -> None:
    """Each page is the same, to the last key and character."""
    world.write(*(transfer(f"tra_{number}", reason='Zoë ✨ \\ "x"') for number in range(7)))
    client, table = world.tables.client, world.tables.name("transfers")
    plain = client.scan(TableName=table, Limit=3)
    prepare(client)
    ours = scan(client, TableName=table, Limit=3)
    assert list(map(decoded, ours.items)) == plain["Items"]
    assert ours.last_evaluated_key == plain["LastEvaluatedKey"]
    rest = scan(client, TableName=table, ExclusiveStartKey=ours.last_evaluated_key)
    assert len(rest.items) == 4
    assert rest.last_evaluated_key is None


def test_errors_and_other_calls_are_left_alone(world: World) -> None:
    """An error is botocore's own. Other scans of the client are read as before, with binary attributes too."""
    client, table = world.tables.client, world.tables.name("accounts")
    prepare(client)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        scan(client, TableName="nothing")
    world.write(account("A"))
    client.put_item(TableName=table, Item={"id": {"S": "b"}, "bytes": {"B": b"\x00\xff"}})
    items = {item["id"]["S"]: item for item in client.scan(TableName=table)["Items"]}
    assert items["b"]["bytes"] == {"B": b"\x00\xff"}
