"""A command, compared with the same calls by bare boto3, and with the code of most samples.

All run in one process, on one embedded AWS, in turns, and the median counts.

Ours begins with the event that Lambda gets after the authorizer, and ends with the answer. Its time includes routing,
permissions, validation, the decision, the item with its events, the ETag and the Consistency-Token.

    bare boto3                       the requests that our command sends, made beforehand and sent by boto3's client
                                     (change: GetItem, PutItem under a condition; place: GetItem, BatchGetItem, PutItem)
    bare boto3, without its checks   the same with parameter_validation=False, which our client has too
    most samples                     `boto3.resource("dynamodb").Table`: read, change, write without a condition, then
                                     write an event to a table of its own, since other services need it; an order reads
                                     its customer and each product separately

The embedded AWS answers in 1 to 3 ms. At the end, the streams are projected and both sides are verified.
"""

import itertools
import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from bench.rows import Bar, Row, Size, at_most, medians
from bench.shop import PREFIX, Shop, event, send, shop
from chalicelib.core.dynamodb.codec import item_of, stored_head
from chalicelib.core.ids import new_id
from local import aws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LINES = 20
_CUSTOMERS, _PRODUCTS = f"{PREFIX}customers", f"{PREFIX}catalog"
_NAIVE = {name: f"naive-{name}" for name in ("customers", "products", "orders", "events")}
_BARE, _UNCHECKED, _SAMPLES = "bare boto3", "bare boto3, without its checks", "most samples"
_WHY = (
    "Ours does the same calls, and between them what an answer needs. CPU of the client: 2.5 ms, bare boto3 2.2, and"
    " 2.1 where it makes the bare calls with our own client (smallest of 400, 2026-11-26, a busy machine). So our own"
    " code is 0.47 ms of it. In a loop of its own it takes 0.15 ms: between botocore's calls it is no longer in the"
    " processor's caches. None of its pieces takes more than 1 % of the command. No setting of botocore's client saves"
    " more than 4 % of a call: endpoint rules, user agent, checksums, compression, keep-alive, host prefix, retry modes"
    " and event handlers were tried, in turns. The bar needs a client of DynamoDB that costs less than botocore, or a"
    " store further away, whose time is the same for both."
)
_BARS = {_BARE: at_most(1.05), _UNCHECKED: None, _SAMPLES: at_most(0.9)}


def rows(size: Size) -> Iterator[Row]:
    """Yield the milliseconds of each command, compared with each other way."""
    with shop() as world:
        fill(world)
        for path, contenders, usual in (
            ("change a customer", changes(world), 400),
            (f"place {LINES} lines", places(world), 100),
        ):
            rounds = size.choose(usual, 3)
            for contender in contenders.values():
                contender()  # connections and imports
            seconds = medians(contenders, rounds)
            for beside, bar in _BARS.items():
                yield _row(path, rounds, seconds, beside, bar)
        world.settle()
        world.verify()


def _row(path: str, rounds: int, seconds: dict[str, float], beside: str, bar: Bar | None) -> Row:
    return Row(
        path=f"command: {path}",
        size=f"{rounds} rounds",
        ours=1000 * seconds["ours"],
        unit="ms",
        beside=beside,
        figure=1000 * seconds[beside],
        bar=bar,
        note=_WHY if beside == _BARE else "",
    )


def fill(world: Shop) -> None:
    """Add products, and the tables of most samples."""
    for number in range(LINES):
        sku = f"SKU-{number}"
        product = {"sku": sku, "name": f"White metal lantern {number}", "price": 339 + number, "currency": "GBP"}
        world.call("POST", "/products", product)
        world.call("POST", "/stock/{sku}/receipts", {"quantity": 100_000}, sku=sku)
    for name in _NAIVE.values():
        world.dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
    products = _table(world, "products")
    for number in range(LINES):
        products.put_item(Item={"id": f"SKU-{number}", "name": f"White metal lantern {number}", "price": 339 + number})


def register(world: Shop, name: str) -> str:
    """Register a customer, and return its id."""
    body = {"name": name, "email": f"{name}@example.com", "country": "United Kingdom"}
    return str(json.loads(world.call("POST", "/customers", body))["id"])


def changes(world: Shop) -> dict[str, Callable[[], object]]:
    """Return the ways to change a customer's name."""
    numbers = itertools.count()
    own = register(world, "ours")
    customers, events = _table(world, "customers"), _table(world, "events")
    customers.put_item(Item={"id": "cus_1", "version": 1, "name": "Ada", "email": "ada@example.com"})

    def ours() -> None:
        send(event("PATCH", "/customers/{id}", {"name": f"Ada {next(numbers)}"}, id=own))

    def samples() -> None:
        customer = customers.get_item(Key={"id": "cus_1"})["Item"]
        customer["name"] = f"Ada {next(numbers)}"
        customer["version"] += 1
        customers.put_item(Item=customer)
        changed = {"customer": "cus_1", "name": customer["name"], "at": datetime.now(UTC).isoformat()}
        events.put_item(Item={"id": str(uuid.uuid4()), "type": "CustomerChanged", "data": changed})

    return {
        "ours": ours,
        _BARE: _bare_change(world, boto3_client(world)),
        _UNCHECKED: _bare_change(world, boto3_client(world, checks=False)),
        _SAMPLES: samples,
    }


def _bare_change(world: Shop, client: "DynamoDBClient") -> Callable[[], object]:
    id = register(world, f"bare{uuid.uuid4().hex}")
    item: Any = dict(client.get_item(TableName=_CUSTOMERS, Key={"id": {"S": id}})["Item"])

    def change() -> None:
        client.get_item(TableName=_CUSTOMERS, Key={"id": {"S": id}}, ConsistentRead=True)
        before = item["version"]["N"]
        item["version"] = {"N": str(int(before) + 1)}
        item["commit"] = {"S": str(uuid.uuid4())}
        client.put_item(
            TableName=_CUSTOMERS,
            Item=item,
            ConditionExpression="version = :expected",
            ExpressionAttributeValues={":expected": {"N": before}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )

    return change


def places(world: Shop) -> dict[str, Callable[[], object]]:
    """Return the ways to place an order of 20 lines."""
    customer = register(world, "orders")
    body = {
        "customer_id": customer,
        "lines": [{"sku": f"SKU-{number}", "quantity": 1 + number % 3} for number in range(LINES)],
    }
    customers, products = _table(world, "customers"), _table(world, "products")
    orders, events = _table(world, "orders"), _table(world, "events")
    customers.put_item(Item={"id": customer, "version": 1, "name": "Ada", "email": "ada@example.com"})

    def ours() -> None:
        send(event("POST", "/orders", body))

    def samples() -> None:
        assert customers.get_item(Key={"id": customer})["Item"]
        lines = []
        for wanted in body["lines"]:
            product = products.get_item(Key={"id": wanted["sku"]})["Item"]  # type: ignore[index]
            lines.append({**wanted, "name": product["name"], "price": product["price"]})  # type: ignore[dict-item]
        total = sum(line["price"] * line["quantity"] for line in lines)
        order = {"customer": customer, "status": "placed", "total": total, "placed_at": datetime.now(UTC).isoformat()}
        id = str(uuid.uuid4())
        orders.put_item(Item={"id": id, "version": 1, **order, "lines": lines})
        events.put_item(Item={"id": str(uuid.uuid4()), "type": "OrderPlaced", "data": {"order": id, **order}})

    placed = json.loads(world.call("POST", "/orders", body))["id"]
    return {
        "ours": ours,
        _BARE: _bare_place(boto3_client(world), customer, placed),
        _UNCHECKED: _bare_place(boto3_client(world, checks=False), customer, placed),
        _SAMPLES: samples,
    }


def _bare_place(client: "DynamoDBClient", customer: str, like: str) -> Callable[[], object]:
    """Return a function that sends the requests by which an existing order was placed, for a new order."""
    keys: Any = [{"id": {"S": f"SKU-{number}"}} for number in range(LINES)]
    stored = client.get_item(TableName=f"{PREFIX}orders", Key={"id": {"S": like}})["Item"]
    item: Any = item_of(stored_head(stored))

    def place() -> None:
        client.get_item(TableName=_CUSTOMERS, Key={"id": {"S": customer}}, ConsistentRead=True)
        client.batch_get_item(RequestItems={_PRODUCTS: {"Keys": keys, "ConsistentRead": True}})
        item["id"], item["commit"] = {"S": new_id("ord")}, {"S": str(uuid.uuid4())}
        client.put_item(
            TableName=f"{PREFIX}orders",
            Item=item,
            ConditionExpression="attribute_not_exists(id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )

    return place


def boto3_client(world: Shop, *, checks: bool = True) -> "DynamoDBClient":
    """Return boto3's client with its defaults, or without its own checks of each request."""
    if checks:
        return boto3.client("dynamodb", endpoint_url=world.endpoint, region_name=aws.REGION)
    config = Config(parameter_validation=False)
    return boto3.client("dynamodb", endpoint_url=world.endpoint, region_name=aws.REGION, config=config)


def _table(world: Shop, name: str) -> Any:
    return boto3.resource("dynamodb", endpoint_url=world.endpoint, region_name=aws.REGION).Table(_NAIVE[name])
