"""The role of each function allows the calls that it makes, and no others.

The functions run here against the embedded AWS, which allows everything, and every call is noted.
"""

import json
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any
from uuid import uuid4

import boto3
import pytest

from chalicelib.core.mysql.connections import connect
from deploy.chalice_stage import resolved
from local import ROOT, aws
from local.ministack import SERVICES, MiniStack
from local.ports import free_port
from local.template import load
from tests.support.aws_calls import ACCOUNT, BUCKET, AwsCall, Grant, Recorder, grants
from tests.support.functions import Functions, running
from tests.support.stores import Tables

FUNCTIONS = ("commands", "queries", "projector", "reactor", "authorizer", "migrate", "check")
USERS = ("t_rights_writer", "t_rights_reader")


def shop(functions: Functions) -> None:
    """A day in the shop: every command, some twice under a key, and the order saga with all its ends."""
    ask = functions.request
    ada = ask("POST", "/customers", {"name": "Ada", "email": "ada@example.com"}, Idempotency_Key="k1")["id"]
    ask("PATCH", f"/customers/{ada}", {"name": "Ada"}, Idempotency_Key="k2")  # decides nothing
    for sku in ("A-1", "B-1"):
        ask("POST", "/products", {"sku": sku, "name": "Lamp", "price": 5, "currency": "GBP"})
        ask("POST", f"/stock/{sku}/receipts", {"quantity": 5, "reference": sku})
    ask("PATCH", "/products/A-1", {"price": 5}, Idempotency_Key="k3")
    ask("POST", "/stock/A-1/receipts", {"quantity": 5})
    ask("POST", "/stock/A-1/adjustments", {"change": 0, "reason": "counted"}, Idempotency_Key="k4")  # decides nothing
    lines = [{"sku": "A-1", "quantity": 2}, {"sku": "B-1", "quantity": 1}]
    shipped, cancelled, short = (
        ask("POST", "/orders", {"customer_id": ada, "lines": wanted, "reference": reference})["id"]
        for wanted, reference in ((lines, "r1"), (lines, "r2"), ([{"sku": "A-1", "quantity": 99}], "r3"))
    )
    functions.recorder.fail("TransactWriteItems", 3)  # the reactor looks what became of its reservation
    functions.settle()
    ask("POST", f"/orders/{shipped}/ship")
    ask("POST", f"/orders/{shipped}/deliver")
    for key in ("k5", "k6"):
        ask("POST", f"/orders/{cancelled}/cancel", {}, Idempotency_Key=key)
    functions.settle()
    assert ask("GET", f"/orders/{short}")["status"] == "rejected"
    ask("DELETE", "/products/B-1")
    ask("DELETE", f"/customers/{ada}")
    ask("GET", "/orders")


# A service that was begun with `make new-service` tells its own.
STORIES: list[Callable[[Functions], None]] = [
    shop,
    *(
        import_module(f"chalicelib.{path.parts[-3]}.tests.story").story
        for path in sorted(ROOT.glob("chalicelib/*/tests/story.py"))
    ),
]


def poison(functions: Functions, service: str) -> None:
    """A record that nobody can read, too large for an item of the dead letters' table."""
    noise = "".join(chr(0x4E00 + (i * 7919) % 20000) for i in range(300_000))
    functions.deliver(service, {"id": {"S": "poison"}, "version": {"N": "1"}, "state": {"S": noise}})


@pytest.fixture(scope="module")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an embedded AWS that has secrets as well."""
    server = MiniStack(
        tmp_path_factory.mktemp("ministack"), free_port(), keep=False, services=(*SERVICES, "secretsmanager")
    )
    server.start()
    yield server.endpoint
    server.stop()


@pytest.fixture(scope="module")
def secrets(ministack: str) -> tuple[str, ...]:
    """The ARNs of the secrets of the projector's user and of the queries' user."""
    client = boto3.client("secretsmanager", endpoint_url=ministack)
    contents = [json.dumps({"username": user, "password": "Passw0rd-of-a-test!"}) for user in USERS]
    made = [client.create_secret(Name=f"rights-{uuid4()}", SecretString=content) for content in contents]
    return tuple(secret["ARN"] for secret in made)


@pytest.fixture(scope="module")
def recorded(
    module_tables: Tables, mysql_server: str, databases: Callable[..., str], secrets: tuple[str, ...]
) -> dict[str, set[AwsCall]]:
    """The calls of each function."""
    recorder = Recorder()
    aws.create_bucket(module_tables.endpoint, f"{module_tables.prefix}letters")
    database_url = databases(module_tables.domain)
    with running(module_tables, database_url, recorder) as functions:
        try:
            functions.migrate(*secrets)
        finally:
            connect(database_url).cursor().execute(f"DROP USER IF EXISTS {', '.join(USERS)}")
        for story in STORIES:
            story(functions)
        poison(functions, "orders")
        functions.check()
        functions.check()
    return recorder.calls


@pytest.fixture(scope="module")
def allowed(module_tables: Tables, secrets: tuple[str, ...]) -> dict[str, list[Grant]]:
    """What each function's role allows a handler to call."""
    prefix = module_tables.prefix
    names = {f"{name.capitalize()}Log.Arn": "arn:log" for name in FUNCTIONS}
    values = {
        "AWS::Partition": "aws",
        "AWS::Region": "eu-west-1",
        "AWS::AccountId": "000000000000",
        **names,
        "Tables": f"{ACCOUNT}{prefix}",
        "DeadLetterTableArn": f"{ACCOUNT}{prefix}dead-letters",
        "DeadLetterBucketArn": f"{BUCKET}{prefix}letters",
        "DatabaseUserArn": "arn:user",
        "WriterSecretArn": secrets[0],
        "ReaderSecretArn": secrets[1],
    }
    resources: dict[str, Any] = load(ROOT / "infrastructure/roles.yaml")["Resources"]
    return {
        name: grants(
            resolved(statement, values)
            for policy in resources[f"{name.capitalize()}Role"]["Properties"]["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
        )
        for name in FUNCTIONS
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_it_calls_is_allowed(
    function: str, recorded: dict[str, set[AwsCall]], allowed: dict[str, list[Grant]]
) -> None:
    """No call would be denied on AWS."""
    denied = {c for c in recorded.get(function, ()) if not any(grant.allows(c) for grant in allowed[function])}
    assert denied == set()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_is_allowed_that_it_does_not_call(
    function: str, recorded: dict[str, set[AwsCall]], allowed: dict[str, list[Grant]]
) -> None:
    """Without any one of its rights some call would be denied; rights that Lambda itself uses are left out."""
    mine = allowed[function]
    others = {grant: [other for other in mine if other is not grant] for grant in mine}
    idle = [
        grant
        for grant, rest in others.items()
        if all(any(other.allows(call) for other in rest) for call in recorded.get(function, ()))
    ]
    assert idle == []
