"""Traces of the packages under Lambda's runtime: the SDK has all that it needs, and adds to Lambda's own segments."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.core.tracing.daemon import Daemon, below, named
from tests.deploy.conftest import Deployment
from tests.deploy.runtime_api import TracedFunction

ROOT, CALLED = "1-65a1b2c3-0123456789abcdef01234567", "0123456789abcdef"
TRACE = f"Root={ROOT};Parent={CALLED};Sampled=1;Lineage=1:a87bd80c:0"
OTHER = f"Root=1-65a1b2c3-{'0' * 24};Parent={'1' * 16};Sampled=1"
Call = Callable[..., Any]

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """Return the receiver of the functions' traces."""
    made = Daemon()
    yield made
    made.close()


@pytest.fixture(scope="module")
def call(deployment: Deployment, daemon: Daemon) -> Iterator[Call]:
    """Return a function that calls a Lambda function with an event, in a trace. Each is started at its first call."""
    running: dict[str, TracedFunction] = {}

    def run(function: str, event: Any, trace: str = TRACE) -> Any:
        if function not in running:
            traced = {"TRACING": "1", "AWS_XRAY_DAEMON_ADDRESS": daemon.address, "PYTHONVERBOSE": ""}
            env = {**deployment.env(function), **traced}
            package, handler = deployment.packages[function], deployment.functions[function]["Handler"]
            running[function] = TracedFunction(package, handler, env, deployment.folder / f"{function}-traced.log")
        return running[function](event, trace)

    yield run
    for function in running.values():
        function.stop()


def test_from_the_request_to_the_read_model(deployment: Deployment, call: Call, daemon: Daemon) -> None:
    """A command adds to Lambda's segment. The projector, called in another trace, continues the command's trace."""
    assert call("CommandsFunction", deployment.event("command-register-customer"))["statusCode"] == 201
    documents = daemon.documents()
    command, write = named(documents, "customers.register"), named(documents, "dynamodb")
    assert {document["type"] for document in documents} == {"subsegment"}
    assert (command["trace_id"], command["parent_id"]) == (ROOT, CALLED)
    assert (write["trace_id"], write["parent_id"]) == (ROOT, command["id"])

    (item,) = [item for item in deployment.tables.items("customers") if "trace" in item]
    assert item["trace"]["S"] == f"Root={ROOT};Parent={command['id']};Sampled=1"
    event = deployment.event("stream-customers")
    event["Records"] = [event["Records"][0]]
    event["Records"][0]["dynamodb"] |= {"NewImage": item, "Keys": {"id": item["id"]}}
    assert call("ProjectorFunction", event, OTHER) == {"batchItemFailures": []}
    documents = daemon.documents()
    (projection,) = [document for document in documents if document["trace_id"] == ROOT]
    assert (projection["name"], projection["parent_id"]) == ("tributary-projector", command["id"])
    assert [entity["name"] for entity in below(projection)] == ["tributary-projector", "mysql"]
    own = [entity for document in documents if document["trace_id"] != ROOT for entity in below(document)]
    assert {entity["name"] for entity in own} == {"project.customers", "mysql"}


def test_the_next_call_is_in_its_own_trace(deployment: Deployment, call: Call, daemon: Daemon) -> None:
    """Nothing of a call remains when the same process serves another call."""
    for trace in (TRACE, OTHER):
        call("CommandsFunction", deployment.event("command-invalid"), trace)
        (command,) = daemon.documents()
        assert command["trace_id"] in trace
        assert command["error"] is True


def test_the_reactor(deployment: Deployment, call: Call, daemon: Daemon) -> None:
    """Commands that follow from a commit are in that commit's trace, whatever trace Lambda has for the batch."""
    event = deployment.event("stream-orders")
    image = next(
        record["dynamodb"]["NewImage"]
        for record in event["Records"]
        if record["dynamodb"]["NewImage"].get("state", {}).get("M", {}).get("status") == {"S": "placed"}
    )
    image["trace"] = {"S": TRACE.partition(";Lineage")[0]}
    event["Records"] = [record for record in event["Records"] if record["dynamodb"]["NewImage"] is image]
    assert call("ReactorFunction", event, OTHER) == {"batchItemFailures": []}
    documents = daemon.documents()
    segment = named([document for document in documents if "type" not in document], "tributary-reactor")
    assert (segment["trace_id"], segment["parent_id"]) == (ROOT, CALLED)
    commands = [found for found in documents if found["name"] == "inventory.reserve"]
    assert {(found["trace_id"], found["parent_id"]) for found in commands} == {(ROOT, segment["id"])}


def test_a_query(deployment: Deployment, call: Call, daemon: Daemon) -> None:
    """The query function's package has no boto3, and tracing does not need it."""
    assert call("QueriesFunction", deployment.event("query-orders"))["statusCode"] == 200
    documents = daemon.documents()
    assert named(documents, "mysql")["parent_id"] == named(documents, "orders.list")["id"]


def test_the_check(deployment: Deployment, call: Call, daemon: Daemon) -> None:
    """The check's calls to DynamoDB and to MySQL are subsegments of Lambda's segment."""
    assert call("CheckFunction", deployment.event("check")) is None
    found = {(document["name"], document["trace_id"], document["parent_id"]) for document in daemon.documents()}
    assert found >= {("dynamodb", ROOT, CALLED), ("mysql", ROOT, CALLED)}


@pytest.mark.parametrize("trace", [TRACE.replace("Sampled=1", "Sampled=0"), f"Root={ROOT}", ""])
def test_not_sampled(deployment: Deployment, call: Call, daemon: Daemon, trace: str) -> None:
    """If Lambda decided not to sample a call, or did not decide, nothing is sent."""
    assert call("QueriesFunction", deployment.event("query-orders"), trace)["statusCode"] == 200
    assert daemon.documents() == []


def test_on_where_the_package_has_the_sdk(deployment: Deployment) -> None:
    """In the packages with the SDK, tracing is on. In the others, template.yaml turns it off."""
    for name, properties in deployment.functions.items():
        off = properties["Environment"]["Variables"].get("TRACING") == "0"
        assert off != (deployment.packages[name] / "aws_xray_sdk").exists()


def test_the_log_is_json(deployment: Deployment, call: Call) -> None:
    """The SDK logs nothing. This test runs last, and checks all of the above."""
    call("QueriesFunction", deployment.event("query-orders"))
    lines = [line for log in deployment.folder.glob("*-traced.log") for line in log.read_text().splitlines()]
    assert {json.loads(line)["logger"] for line in lines} == {"tributary"}
