"""The same question without CQRS: an answer composed from the services' DynamoDB tables, compared with ours.

The services' tables have the same orders, customers and products as the read model, and the indexes that a careful team
would add: orders by status and time, and by customer and time, with all attributes. The tables are in dynalite, a
DynamoDB on LevelDB, which answers in 2 to 10 ms, as AWS does. The embedded AWS would read the whole table. The
composition is boto3's client and a dict comprehension, without a framework. Ours is the whole route, as in `query`. The
benchmark checks that both answer with the same orders and sums.

    list of orders    Query by status and time, newest first, filters on totals and currency, BatchGetItem of customers
    sales by product  Query by each status that counts and by time, all pages, added up, BatchGetItem of products
"""

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from pymysql.cursors import DictCursor

from bench.dynalite import Dynalite
from bench.query import FIRST, LAST, LIST, PAGE, QUESTIONS, filled
from bench.rows import Row, Size, at_most, medians
from bench.shop import send
from bench.stores import client_of, write_items
from chalicelib.core.dynamodb.codec import encode_item
from chalicelib.core.mysql.connections import connect
from local.ports import free_port

_KEYS, _WRITERS = 100, 4
_WHY = {
    "list of orders, 50 rows, 5 filters": (
        "The composition's index has this list's order, so one Query of 75 items and one BatchGetItem of 43"
        " customers answer it. Its time is that of two answers of dynalite and some 15 ms of CPU in the client,"
        " nearly all of it botocore's (decoding takes 1.3). Ours takes 1.5 ms of CPU here and 0.9 when asked again at"
        " once: after other work, as after a pause, the processor's caches hold nothing of it (smallest of 60, 5,000"
        " orders, a busy machine, 2026-11-26). Ten times needs a filter or a sort for which the tables have no index,"
        " as in sales by product."
    ),
}
_COUNTED = ("confirmed", "shipped", "delivered")


def rows(size: Size) -> Iterator[Row]:
    """Yield the milliseconds of ours, compared with the composition."""
    orders, rounds = size.choose_orders(100_000, 2000), size.choose(11, 1)
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as name, filled(orders) as url:
        tables = Dynalite(Path(name), free_port())
        tables.start()
        try:
            composed = Composed(tables.endpoint)
            composed.fill(url)
            composers: Sequence[Callable[[], list[dict[str, Any]]]] = (composed.orders, composed.sales)
            for about, compose in zip(
                ("list of orders, 50 rows, 5 filters", "sales by product"), composers, strict=True
            ):
                request = QUESTIONS[about].request
                ours = json.loads(send(request))["items"]
                assert [_plain(item) for item in compose()] == [_plain(item) for item in ours], about
                composed.requests = 0
                compose()
                requests = composed.requests
                seconds = medians({"ours": partial(send, request), "composed": compose}, rounds)
                yield Row(
                    path=f"without CQRS: {about}",
                    size=f"{orders:,} orders, {rounds} rounds",
                    ours=1000 * seconds["ours"],
                    unit="ms",
                    beside=f"composed over DynamoDB, {requests} requests",
                    figure=1000 * seconds["composed"],
                    bar=at_most(0.1),
                    note=_WHY.get(about, ""),
                )
        finally:
            tables.stop()


def _plain(item: dict[str, Any]) -> tuple[Any, ...]:
    """Return the parts in which both answers have to agree."""
    return item.get("id", item.get("sku")), item.get("total", item.get("amount"))


class Composed:
    """The services' tables, and a service that composes answers from them.

    Args:
        endpoint: the URL of DynamoDB.
    """

    def __init__(self, endpoint: str) -> None:
        self._client: Any = client_of(endpoint)
        self._decode = TypeDeserializer().deserialize
        self.requests = 0

    def orders(self) -> list[dict[str, Any]]:
        """Return the list of orders."""
        wanted: list[dict[str, Any]] = []
        for page in self._query(
            IndexName="by_status",
            KeyConditionExpression="#status = :status AND placed_at >= :from",
            FilterExpression="currency = :currency AND #total BETWEEN :least AND :most",
            ExpressionAttributeNames={"#status": "status", "#total": "total"},
            ExpressionAttributeValues={
                ":status": {"S": LIST["status"]},
                ":from": {"S": "2024-03-01T00:00:00.000Z"},
                ":currency": {"S": LIST["currency"]},
                ":least": {"N": str(LIST["min_total"])},
                ":most": {"N": str(LIST["max_total"])},
            },
            ScanIndexForward=False,
            Limit=75,
        ):
            wanted += page
            if len(wanted) >= PAGE:
                break
        wanted = wanted[:PAGE]
        names = self._names("customers", [order["customer_id"] for order in wanted])
        for order in wanted:
            customer = order.pop("customer_id")
            order["customer"] = {"id": customer, "name": names.get(customer)}
        json.dumps(wanted, default=int)
        return wanted

    def sales(self) -> list[dict[str, Any]]:
        """Return the first 50 products of the report of a month."""
        amounts: Counter[str] = Counter()
        for status in _COUNTED:
            for page in self._query(
                IndexName="by_status",
                KeyConditionExpression="#status = :status AND placed_at BETWEEN :from AND :to",
                ExpressionAttributeNames={"#status": "status", "#lines": "lines"},
                ExpressionAttributeValues={
                    ":status": {"S": status},
                    ":from": {"S": f"{FIRST}T00:00:00.000Z"},
                    ":to": {"S": f"{LAST}T23:59:59.999Z"},
                },
                ProjectionExpression="currency, #lines",
            ):
                for order in page:
                    for line in order["lines"]:
                        amounts[line["sku"]] += int(line["amount"])
        found = sorted(amounts)[:PAGE]
        names = self._names("products", found)
        sums = [{"sku": sku, "name": names.get(sku), "amount": amounts[sku]} for sku in found]
        json.dumps(sums)
        return sums

    def _query(self, **request: Any) -> Iterator[list[dict[str, Any]]]:
        """Yield the items of all pages of a query of orders, as plain values."""
        while True:
            answer = self._client.query(TableName="orders", **request)
            self.requests += 1
            yield [{name: self._decode(value) for name, value in item.items()} for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _names(self, table: str, ids: Sequence[str]) -> dict[str, str]:
        """Return the names of customers or products."""
        names: dict[str, str] = {}
        unique = list(dict.fromkeys(ids))
        for first in range(0, len(unique), _KEYS):
            keys = [{"id": {"S": id}} for id in unique[first : first + _KEYS]]
            answer = self._client.batch_get_item(RequestItems={table: {"Keys": keys}})
            self.requests += 1
            names |= {item["id"]["S"]: item["name"]["S"] for item in answer["Responses"][table]}
        return names

    def fill(self, url: str) -> None:
        """Write the read model's data into the services' tables."""
        for table in ("customers", "products", "orders"):
            self._create(table)
        connection = connect(url, read_timeout=600)
        with connection.cursor(DictCursor) as cursor:
            self._write("customers", _read(cursor, "SELECT id, name FROM customers"))
            self._write("products", _read(cursor, "SELECT sku AS id, name FROM products"))
            lines: dict[str, list[Any]] = {}
            for line in _read(cursor, "SELECT order_id, sku, quantity, unit_price, amount FROM order_lines"):
                lines.setdefault(line.pop("order_id"), []).append(line)
            orders = _read(cursor, "SELECT id, status, currency, total, customer_id, placed_at FROM orders")
            for order in orders:
                order["placed_at"] = f"{order['placed_at'].isoformat(timespec='milliseconds')}Z"
                order["lines"] = lines[order["id"]]
            self._write("orders", orders)
        connection.close()

    def _create(self, table: str) -> None:
        request: dict[str, Any] = {}
        attributes = ["id"]
        if table == "orders":
            attributes += ["status", "customer_id", "placed_at"]
            request["GlobalSecondaryIndexes"] = [
                {
                    "IndexName": name,
                    "KeySchema": [
                        {"AttributeName": key, "KeyType": "HASH"},
                        {"AttributeName": "placed_at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
                for name, key in (("by_status", "status"), ("by_customer", "customer_id"))
            ]
        self._client.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in attributes],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            **request,
        )
        self._client.get_waiter("table_exists").wait(TableName=table)

    def _write(self, table: str, items: Sequence[dict[str, Any]]) -> None:
        parts = [map(encode_item, items[first::_WRITERS]) for first in range(_WRITERS)]
        with ThreadPoolExecutor(_WRITERS) as threads:
            list(threads.map(partial(write_items, self._client, table), parts))


def _read(cursor: DictCursor, statement: str) -> list[dict[str, Any]]:
    cursor.execute(statement)
    return list(cursor.fetchall())
