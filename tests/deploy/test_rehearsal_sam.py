"""The root stack, deployed on the embedded AWS with IAM enforced, and used.

Nested stacks, the custom resource of the migrations, roles and their policies are the templates' own. The embedded API
makes what the embedded CloudFormation lacks (tests/deploy/rehearsal). docs/deploy.md says what only AWS can show.
"""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.bootstrap import PERMISSIONS, SERVICES
from chalicelib.core.mysql.connections import connect
from local import keys
from local.mariadb import MariaDB, with_database
from local.ports import free_port
from local.template import load_template
from tests.deploy.lambdas import ROOT, event
from tests.deploy.rehearsal import deploying, templates
from tests.deploy.rehearsal.deploying import client
from tests.deploy.rehearsal.whole_aws import whole_aws
from tests.deploy.test_rehearsal import Deployed
from tests.support.domain import OWN
from tests.support.functions import Functions, a_year
from tests.support.routes import path_of, routes
from tests.support.stores import Tables
from tests.support.stories import STORIES, operate, poison
from tests.support.waiting import eventually

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]
STACK, PREFIX = "tributary-dev", "tributary-"


@dataclass(frozen=True)
class Stack:
    """The result of the deployment.

    Attributes:
        endpoint: the URL of the embedded AWS.
        api: the URL of the API, with the stage.
        tokens: a JWT by role.
        functions: their names in AWS, by logical id.
        database_url: the read model, as an administrator.
    """

    endpoint: str
    api: str
    tokens: dict[str, str]
    functions: dict[str, str]
    database_url: str


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of an embedded AWS that enforces IAM."""
    with whole_aws(tmp_path_factory.mktemp("ministack"), AUTH="true") as url:
        yield url


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    """Yield a server of its own, since the migrations make users whose names are fixed."""
    server = MariaDB(tmp_path_factory.mktemp("mariadb"), free_port(), flush=0)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def stack(
    endpoint: str, database: MariaDB, packages: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Stack:
    """Yield the root stack, made by a change set."""
    held = tmp_path_factory.mktemp("keys")
    tokens = {role: keys.issue(held, role) for role in PERMISSIONS.roles}
    s3, provider = client("s3", endpoint), deploying.make_provider(endpoint)
    s3.create_bucket(Bucket="packages", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for name, folder in packages.items():
        s3.put_object(Bucket="packages", Key=f"{name}.zip", Body=deploying.zipped(folder))
    passwords = {"WriterSecret": secrets.token_hex(16), "ReaderSecret": secrets.token_hex(16)}
    admin, at = with_database(database.server_url, "tributary"), f"127.0.0.1:{database.port}/tributary"
    urls = {
        "MigrateDatabaseUrl": admin,
        "DatabaseUrl": f"mysql://tributary_writer:{passwords['WriterSecret']}@{at}",
        "ReadDatabaseUrl": f"mysql://tributary_reader:{passwords['ReaderSecret']}@{at}",
    }
    made = {
        "Data": templates.data(provider, urls, passwords),
        "Roles": templates.nested("Roles", provider),
        "Alarms": templates.nested("Alarms", provider),
        "deployer": templates.plain(load_template(ROOT / "deploy/deployer.yaml")),
        "root": templates.root(
            provider, f"{endpoint}/packages", {name: f"s3://packages/{name}.zip" for name in packages}
        ),
    }
    for name, template in made.items():
        s3.put_object(Bucket="packages", Key=f"{name}.json", Body=json.dumps(template).encode())
    formation = client("cloudformation", endpoint)
    deployer = deploying.deploy(formation, "tributary-deployer", f"{endpoint}/packages/deployer.json", {})
    parameters = {
        "PermissionsBoundary": deployer["BoundaryArn"],
        "JwtIssuer": keys.ISSUER,
        "JwtAudience": keys.AUDIENCE,
        "JwtJwks": keys.jwks_path(held).read_text(),
        "EndpointUrl": endpoint,
        "DeletionProtection": "false",
        "Deadlines": a_year(SERVICES),
    }
    outputs = deploying.deploy(formation, STACK, f"{endpoint}/packages/root.json", parameters)
    api = outputs["Url"].removeprefix("https://").partition(".")[0]
    resources = formation.describe_stack_resources(StackName=STACK)["StackResources"]
    return Stack(
        endpoint,
        f"{endpoint}/restapis/{api}/dev/_user_request_",
        tokens,
        {
            r["LogicalResourceId"]: r["PhysicalResourceId"]
            for r in resources
            if r["ResourceType"] == "AWS::Lambda::Function"
        },
        admin,
    )


class Rehearsed(Functions):
    """The functions of the stack. Its API calls commands and queries; Lambda's own callers call the others."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(Tables(PREFIX, stack.endpoint, client("dynamodb", stack.endpoint)))
        self._stack = stack

    def call(self, function: str, event: Any) -> Any:
        """Return a function's result."""
        name = self._stack.functions[f"{function[:1].upper()}{function[1:]}Function"]
        answer = client("lambda", self._stack.endpoint).invoke(FunctionName=name, Payload=json.dumps(event).encode())
        text = answer["Payload"].read().decode()
        assert "FunctionError" not in answer, text
        return json.loads(text or "null")

    def request(self, method: str, target: str, body: Any = None, role: str = "", **headers: str) -> Any:
        """Send a request to the API, through its authorizer."""
        deployed = Deployed(self._stack.api, self._stack.tokens[role or self._role])
        status, (answer, _) = deployed.request(method, target, body, **headers)
        assert status < 300, answer
        return answer

    def settle(self) -> None:
        """Wait until the mappings have filled the read model, then deliver everything to the reactor again.

        Records that come again change nothing.
        """
        assert eventually(self._projected), "the stream's mapping does not reach the read model"
        super().settle()
        assert eventually(self._projected)

    def _projected(self) -> bool:
        with connect(self._stack.database_url) as connection, connection.cursor() as cursor:
            return all(self._is_projected(cursor, name) for name in SERVICES)

    def _is_projected(self, cursor: Any, service: str) -> bool:
        cursor.execute("SELECT id, MAX(version) FROM timeline WHERE service = %s GROUP BY id", (service,))
        shown = dict(cursor.fetchall())
        heads = [item for item in self._tables.items(service) if "version" in item]
        return all(shown.get(item["id"]["S"]) == int(item["version"]["N"]) for item in heads)


@pytest.fixture(scope="module")
def told(stack: Stack, functions: dict[str, Any]) -> Rehearsed:
    """Return the stack after its services' stories, poison, the operators' work, every route, and every schedule."""
    rehearsed = Rehearsed(stack)
    for story in STORIES:
        story(rehearsed)
    poison(rehearsed)
    operate(rehearsed)
    deployed = Deployed(stack.api, list(stack.tokens.values())[-1])
    for route in routes(OWN):
        assert deployed.request(route.method, path_of(route), {})[0] != 500, route.path
    for name, properties in functions.items():
        if "Schedule" in [source["Type"] for source in properties.get("Events", {}).values()]:
            rehearsed.call(name.removesuffix("Function"), event("check"))
    return rehearsed


def test_stories(told: Rehearsed) -> None:
    """The services' stories happen, with the rights of the functions' roles and no others."""
    letters = {item["id"]["S"].split("#")[1] for item in told._tables.items("dead-letters")}
    assert letters == {"poison"}


def test_every_function_has_run(stack: Stack, told: Rehearsed) -> None:
    """Every function was called, with IAM enforced. The rights of a function that is not called would not be tested."""
    logs = client("logs", stack.endpoint)
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    for name in stack.functions:
        (group,) = [group for group in groups if group.endswith(f"/{name.removesuffix('Function')}Log")]
        assert logs.filter_log_events(logGroupName=group)["events"], name


def test_the_mappings_work(stack: Stack, told: Rehearsed) -> None:
    """Each mapping's deliveries were accepted, and every function with mappings got some."""
    found = client("lambda", stack.endpoint).list_event_source_mappings()["EventSourceMappings"]
    assert {mapping["State"] for mapping in found} == {"Enabled"}
    results: dict[str, set[str]] = {}
    for mapping in found:
        results.setdefault(mapping["FunctionArn"], set()).add(mapping["LastProcessingResult"].partition(" - ")[0])
    assert all("OK" in of_function for of_function in results.values())
    assert set().union(*results.values()) <= {"OK", "No records processed"}


def test_a_token_is_needed(stack: Stack, told: Rehearsed) -> None:
    """Requests without a token, and with a forged one, are refused. A public route needs no token."""
    deployed = Deployed(stack.api, "")
    assert deployed.request("GET", "/status", token=None)[0] == 401
    assert deployed.request("GET", "/status", token="forged.token.here")[0] in (401, 403)
    assert deployed.request("GET", "/health", token=None)[0] == 200


def test_without_its_rights_a_function_fails(stack: Stack, told: Rehearsed) -> None:
    """IAM is enforced here: without its policy, the commands' role can do nothing."""
    iam = client("iam", stack.endpoint)
    (role,) = [r["RoleName"] for r in iam.list_roles()["Roles"] if "-CommandsRole-" in r["RoleName"]]
    document = iam.get_role_policy(RoleName=role, PolicyName="commands")["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName="commands")
    try:
        with pytest.raises(AssertionError, match="'status': 50"):
            STORIES[0](told)
    finally:
        iam.put_role_policy(RoleName=role, PolicyName="commands", PolicyDocument=json.dumps(document))
