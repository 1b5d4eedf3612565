"""The two sides of a benchmark: a write store to fill, and a private MySQL with the read model."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from bench.dynalite import Dynalite
from bench.workload import placed
from chalicelib.bootstrap import MIGRATIONS
from chalicelib.core.mysql.migrate import migrate
from local import aws
from local.mariadb import MariaDB, with_database
from local.ministack import MiniStack
from local.ports import free_port
from ops.phases import Advance
from ops.progress import phase

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import WriteRequestTypeDef

TABLE = "bench-orders"
MINISTACK, DYNALITE = "ministack", "dynalite"
STORES = (MINISTACK, DYNALITE)
_ITEMS_A_WRITE = 25
_WRITERS = 4
# Validation of requests that are known to be right would double the cost of each request.
_CONFIG = Config(parameter_validation=False, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 10})


@contextmanager
def stores(
    folder: Path, orders: int, store: str = MINISTACK, options: Sequence[str] = ()
) -> Iterator[tuple["DynamoDBClient", str]]:
    """Yield a client of a private write store with so many orders, and the URL of a private MySQL with no rows yet.

    Args:
        folder: the folder of both servers' data.
        orders: the number of orders.
        store: MINISTACK or DYNALITE.
        options: further options of mariadbd.
    """
    written: MiniStack | Dynalite = (
        Dynalite(folder, free_port()) if store == DYNALITE else MiniStack(folder, free_port(), keep=False)
    )
    mariadb = MariaDB(folder / "mariadb", free_port(), flush=0, options=options)
    try:
        written.start()
        mariadb.start()
        client = aws.dynamodb(written.endpoint)
        create_table(client)
        if isinstance(written, Dynalite):
            with phase("fill", orders) as advance:
                written.fill(TABLE, _items(orders, advance))
        else:
            fill_items(written.endpoint, orders)
        url = with_database(mariadb.server_url, "tributary_bench")
        migrate(url, MIGRATIONS)
        yield client, url
    finally:
        written.stop()
        mariadb.stop()


@contextmanager
def small_store(folder: Path, items: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator["DynamoDBClient"]:
    """Yield a write store with these items, each with the name of its table, for a verification at the end."""
    store = MiniStack(folder, free_port(), keep=False)
    store.start()
    try:
        by_table: dict[str, list[Mapping[str, Any]]] = {}
        for table, item in items:
            by_table.setdefault(table, []).append(item)
        client = aws.dynamodb(store.endpoint)
        for table, found in by_table.items():
            create_table(client, table)
            write_items(client_of(store.endpoint), table, iter(found))
        yield client
    finally:
        store.stop()


def create_table(client: "DynamoDBClient", name: str = TABLE) -> None:
    """Create a service's table."""
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    client.get_waiter("table_exists").wait(TableName=name)


def _items(orders: int, advance: Advance) -> Iterator[Mapping[str, Any]]:
    for number in range(orders):
        yield placed(number)["dynamodb"]["NewImage"]
        if number % 1000 == 999:
            advance(1000)


def fill_items(endpoint: str, orders: int) -> None:
    """Write the orders into the write store only."""
    client = client_of(endpoint)

    def write(part: int) -> None:
        """Write every so manieth batch, so that the threads need no queue."""
        for first in range(part * _ITEMS_A_WRITE, orders, _WRITERS * _ITEMS_A_WRITE):
            numbers = range(first, min(first + _ITEMS_A_WRITE, orders))
            write_items(client, TABLE, (placed(number)["dynamodb"]["NewImage"] for number in numbers))
            advance(len(numbers))

    with phase("fill", orders) as advance, ThreadPoolExecutor(_WRITERS) as threads:
        list(threads.map(write, range(_WRITERS)))


def write_items(client: "DynamoDBClient", table: str, items: Iterator[Mapping[str, Any]]) -> None:
    """Write the items into a table."""
    while part := list(islice(items, _ITEMS_A_WRITE)):
        requests: list[WriteRequestTypeDef] = [{"PutRequest": {"Item": item}} for item in part]
        left = client.batch_write_item(RequestItems={table: requests}).get("UnprocessedItems")
        assert not left, left


def client_of(endpoint: str) -> "DynamoDBClient":
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name=aws.REGION,
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
        config=_CONFIG,
    )
