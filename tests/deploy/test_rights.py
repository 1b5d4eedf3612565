"""The role of each function allows the calls that it makes, and no others.

The functions run here against the embedded AWS, which allows everything. Every call is recorded.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest

from chalicelib.core.mysql.connections import connect
from deploy.chalice_stage import resolved
from local import ROOT, aws
from local.ministack import SERVICES as EMULATED
from local.ministack import MiniStack
from local.ports import free_port
from local.template import load_template
from tests.support.aws_calls import ACCOUNT, BUCKET, AwsCall, Grant, Recorder, grants
from tests.support.functions import running
from tests.support.stores import Tables
from tests.support.stories import STORIES, operate, poison

FUNCTIONS = (
    *("commands", "queries", "projector", "reactor", "authorizer", "migrate", "check", "deadlines", "operations"),
)
USERS = ("t_rights_writer", "t_rights_reader")


@pytest.fixture(scope="module")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of an embedded AWS that has secrets as well."""
    server = MiniStack(
        tmp_path_factory.mktemp("ministack"), free_port(), keep=False, services=(*EMULATED, "secretsmanager")
    )
    server.start()
    yield server.endpoint
    server.stop()


@pytest.fixture(scope="module")
def secrets(ministack: str) -> tuple[str, ...]:
    """Return the ARNs of the secrets of the projector's user and of the queries' user."""
    client = boto3.client("secretsmanager", endpoint_url=ministack)
    contents = [json.dumps({"username": user, "password": "Passw0rd-of-a-test!"}) for user in USERS]
    made = [client.create_secret(Name=f"rights-{uuid4()}", SecretString=content) for content in contents]
    return tuple(secret["ARN"] for secret in made)


@pytest.fixture(scope="module")
def recorded(
    module_tables: Tables, mysql_server: str, databases: Callable[..., str], secrets: tuple[str, ...]
) -> dict[str, set[AwsCall]]:
    """Return the calls of each function."""
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
        poison(functions)
        operate(functions)
        functions.check()
        functions.check()
    # A redrive runs the reactor itself (tests/core/operations/test_dead_letters.py), for any policy.
    recorder.calls["operations"] |= recorder.calls.get("reactor", set())
    return recorder.calls


@pytest.fixture(scope="module")
def allowed(module_tables: Tables, secrets: tuple[str, ...]) -> dict[str, list[Grant]]:
    """Return the calls that each function's role allows a handler."""
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
    resources: dict[str, Any] = load_template(ROOT / "infrastructure/roles.yaml")["Resources"]
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
    """Without any one of its rights, a call would be denied. Rights that Lambda itself uses are left out."""
    mine = allowed[function]
    others = {grant: [other for other in mine if other is not grant] for grant in mine}
    idle = [
        grant
        for grant, rest in others.items()
        if all(any(other.allows(call) for other in rest) for call in recorded.get(function, ()))
    ]
    assert idle == []
