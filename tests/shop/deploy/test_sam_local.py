"""`sam local invoke` and `sam local start-api`, for real, against the embedded stack.

The tests need sam (`make deploy-tools`), a Docker engine, and Lambda's base image with the Python of template.yaml.
`deploy/lambda-docker.sh run` provides both for a command, and `make test-deploy` uses it.
"""

import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.mysql.connections import parse_url
from local.bridge import bridge_address, forward
from local.config import Config
from local.lambda_env import write_lambda_env
from local.ports import answers, free_port
from tests.deploy.lambdas import ROOT, event, tool
from tests.support.stack import Stack, started
from tests.support.stores import fresh_database, fresh_tables
from tests.support.waiting import COMMAND_SECONDS, PATIENT_SECONDS, eventually

IMAGE = "public.ecr.aws/lambda/python:3.13-x86_64"
FLAGS = ["--add-host", "host.docker.internal:host-gateway", "--skip-pull-image", "--region", "eu-west-1"]

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]


@dataclass
class Sam:
    """`sam` with everything that it needs to reach a stack.

    Attributes:
        program: its path.
        stack: the running stack.
        flags: flags for the commands of `sam local`; samconfig.toml has the same for `make run`.
        env: the environment of its process.
        events: the folder of the events as this stack needs them.
    """

    program: Path
    stack: Stack
    flags: list[str]
    env: dict[str, str]
    events: Path

    def invoke(self, function: str, name: str) -> Any:
        """Return a function's result for a sample event. The exit code does not help: it is 0 for any error."""
        path = self.events / f"{name}.json"
        path.write_text(json.dumps(event(name, **{"table/tributary-": f"table/{self.stack.tables.prefix}"})))
        done = subprocess.run(
            [self.program, "local", "invoke", function, "-e", path, *self.flags],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=PATIENT_SECONDS,
        )
        assert done.stdout.strip(), done.stderr
        print(done.stderr)  # noqa: T201  # shown when the test fails
        return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def stack(ministack: str, mysql_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Yield a stack for these tests, since the sample events have fixed ids and expect an empty stack."""
    folder = tmp_path_factory.mktemp("sam-stack")
    with fresh_tables(ministack) as tables, fresh_database(mysql_server) as url, started(tables, url, folder) as stack:
        yield stack


@pytest.fixture(scope="module")
def sam(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Sam:
    """Return `sam` after `sam build`."""
    program = tool("sam", ".venv-sam")
    if not program:
        pytest.skip("no sam; run `make deploy-tools`")
    image = subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True) if _docker() else None
    if not image or image.returncode:
        pytest.skip(os.environ.get("NO_LAMBDA_DOCKER") or f"no Docker engine with {IMAGE}; see deploy/lambda-docker.sh")
    folder = tmp_path_factory.mktemp("sam")
    config = Config(
        folder=stack.folder,
        ministack_port=int(stack.tables.endpoint.rpartition(":")[2]),
        table_prefix=stack.tables.prefix,
    )
    write_lambda_env(config, stack.database_url)
    env = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    build = folder / "build"
    subprocess.run([program, "build", "--build-dir", build], cwd=ROOT, env=env, check=True, timeout=COMMAND_SECONDS)
    flags = ["--template", str(build / "template.yaml"), "--env-vars", str(stack.folder / "lambda-env.json")]
    flags += ["--parameter-overrides", "EndpointUrl=http://host.docker.internal", *FLAGS]
    mysql = parse_url(stack.database_url).port
    assert bridge_address() is None or forward([config.ministack_port, mysql]) == [config.ministack_port, mysql]
    return Sam(program, stack, flags, env, folder)


def _docker() -> bool:
    try:
        return subprocess.run(["docker", "version"], capture_output=True, timeout=PATIENT_SECONDS).returncode == 0
    except FileNotFoundError:
        return False


def test_invoke(sam: Sam) -> None:
    """A stream's batch is projected, a query reads it, and a command's effect is in the tables."""
    assert sam.invoke("ProjectorFunction", "stream-orders") == {"batchItemFailures": []}
    answer = sam.invoke("QueriesFunction", "query-order-with-token")
    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (200, "confirmed")
    assert sam.invoke("CommandsFunction", "command-add-product")["statusCode"] == 201
    assert "BUNTING-7" in {item["id"]["S"] for item in sam.stack.tables.items("catalog")}
    assert sam.invoke("AuthorizerFunction", "authorizer")["context"]["role"] == "staff"


def test_start_api(sam: Sam) -> None:
    """One command and one query pass the authorizer over HTTP."""
    port = free_port()
    command = [sam.program, "local", "start-api", "--port", str(port), *sam.flags]
    log = sam.events / "start-api.log"
    process = subprocess.Popen(command, cwd=ROOT, env=sam.env, stdout=log.open("wb"), stderr=subprocess.STDOUT)
    try:
        assert eventually(lambda: answers(port)), log.read_text()
        token = sam.stack.token("staff")
        body = {"sku": "SAM-1", "name": "Over start-api", "price": 100, "currency": "GBP"}
        product, consistency = _request(port, token, "/products", body)
        assert product["version"] == 1, log.read_text()
        # The pump carries it from the table to the read model.
        found, _ = _request(
            port, token, "/products/SAM-1", None, {"Consistency-Token": consistency, "Prefer": "wait=10"}
        )
        assert found["name"] == "Over start-api"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENT_SECONDS)


def _request(port: int, token: str, path: str, body: Any, headers: dict[str, str] | None = None) -> tuple[Any, str]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        json.dumps(body).encode() if body else None,
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **(headers or {})},
    )
    with urllib.request.urlopen(request, timeout=PATIENT_SECONDS) as answer:
        return json.loads(answer.read()), answer.headers.get("Consistency-Token", "")
