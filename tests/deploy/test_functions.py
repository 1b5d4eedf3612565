"""The functions as Lambda runs them from their packages, for any services."""

import importlib.util
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from chalicelib.bootstrap import REACTED_TO, SERVICES
from chalicelib.core.mysql.connections import connect
from tests.deploy.conftest import Deployment
from tests.deploy.lambdas import ROOT
from tests.support.functions import Functions
from tests.support.stories import STORIES, operate, poison

# The X-Ray SDK, and modules that only the SDK imports. Tracing is off in these runs.
_SDK = {"aws_xray_sdk", "wrapt"}
TRACING = {
    "Authorizer": set[str](),
    "Migrate": {"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3"},
    "Queries": {*_SDK, "botocore", "dateutil", "jmespath", "six.py", "urllib3"},
    "Commands": _SDK,
    "Projector": _SDK,
    "Reactor": _SDK,
    "Check": _SDK,
    "Deadlines": _SDK,
    "Operations": _SDK,
}
NOT_SHIPPED = re.compile(r"__pycache__|^\w+/(tests|events)/")  # a service's events are in its folder

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]


class Packaged(Functions):
    """Return the functions under Lambda's runtime."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__(deployment.tables)
        self._deployment = deployment

    def call(self, function: str, event: Any) -> Any:
        """Return a function's answer."""
        return self._deployment.start(f"{function.capitalize()}Function")(event)


def test_stories(deployment: Deployment) -> None:
    """The services' stories happen here too, and there is a dead letter for the poison."""
    functions = Packaged(deployment)
    for story in STORIES:
        story(functions)
    poison(functions)
    operate(functions)
    assert {item["id"]["S"].split("#")[1] for item in deployment.tables.items("dead-letters")} == {"poison"}


def test_health(deployment: Deployment) -> None:
    """The health route answers without a token."""
    answer = deployment.invoke("query-health", "QueriesFunction")
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"status": "ok"})


def test_authorizer(deployment: Deployment) -> None:
    """A good token becomes a policy with its bearer's role. An expired one becomes exactly `Unauthorized`."""
    answer = deployment.invoke("authorizer", "AuthorizerFunction")
    assert answer["context"] == {"subject": "local-staff", "role": "staff"}
    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    assert deployment.invoke("authorizer-expired", "AuthorizerFunction")["errorMessage"] == "Unauthorized"


def test_check(deployment: Deployment) -> None:
    """The scheduled check stores its results, and logs them in the format from which CloudWatch makes metrics."""
    assert deployment.invoke("check", "CheckFunction") is None
    with connect(deployment.database_url).cursor() as cursor:
        assert cursor.execute("SELECT service FROM service_status") == len(SERVICES)
    log = deployment.running["CheckFunction"].log.read_text(errors="replace")
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{") and '"_aws"' in line]
    assert {line["Service"] for line in lines} == set(SERVICES)
    assert all(line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Tributary" for line in lines)


def test_deadlines(deployment: Deployment) -> None:
    """The function runs, whether or not anything is overdue."""
    assert deployment.invoke("deadlines", "DeadlinesFunction") is None


@pytest.fixture
def cloudformation() -> Iterator[tuple[str, list[Any]]]:
    """Yield a place for answers to CloudFormation: its port, and the answers."""
    answers: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answers.append((self.headers["Content-Type"], json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield str(server.server_port), answers
    server.shutdown()


def test_migrations(deployment: Deployment, cloudformation: tuple[str, list[Any]]) -> None:
    """Called by hand, the migrations return what they applied. Called by CloudFormation, they answer where it waits."""
    assert deployment.invoke("migrate", "MigrateFunction") == {"applied": [], "users": 0}
    port, answers = cloudformation
    deployment.invoke("migrate-on-deploy", "MigrateFunction", **{"127.0.0.1:9999": f"127.0.0.1:{port}"})
    ((content_type, answer),) = answers
    assert (content_type, answer["Status"], answer["PhysicalResourceId"]) == ("", "SUCCESS", "Migrations")


@pytest.mark.parametrize("function", TRACING)
def test_packages_hold_all_of_ours_and_what_is_imported(deployment: Deployment, function: str) -> None:
    """A package has every file of chalicelib, migrations too, and those of libraries that the tests above imported."""
    if function == "Reactor" and not REACTED_TO:
        pytest.skip("no service has a policy, so the reactor has imported nothing")
    if function == "Deadlines" and not any(service.deadlines for service in SERVICES.values()):
        pytest.skip("no service has a deadline, so its function has imported nothing")
    name = f"{function}Function"
    package = deployment.packages[name]
    imported = deployment.start(name).imported()
    ours, shipped = (
        {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        for folder in (ROOT / "chalicelib", package / "chalicelib")
    )
    left_out = (path for path in ours - shipped if not NOT_SHIPPED.search(path))
    # Only the queries' function answers with the console.
    assert sorted(path for path in left_out if function == "Queries" or not path.startswith("core/console/")) == []
    code = (path.relative_to(package) for path in package.rglob("*") if path.suffix in (".py", ".so"))
    libraries = {path.parts[0] for path in code}
    assert sorted(libraries - {path.partition("/")[0] for path in imported} - TRACING[function]) == []


@pytest.mark.parametrize("function", ["CommandsFunction", "QueriesFunction"])
def test_packages_are_small(packages: dict[str, Path], function: str, tmp_path: Path) -> None:
    """A package, zipped with boto3, has less than 15 MB, and nothing that only tests need."""
    names = [path.name for path in packages[function].rglob("*")]
    assert not {"tests", "pytest", "pip", "setuptools", "moto"} & set(names)
    zipped = shutil.make_archive(str(tmp_path / function), "zip", packages[function])
    assert Path(zipped).stat().st_size < 15_000_000


def test_packages_are_compiled(packages: dict[str, Path]) -> None:
    """Beside every source lies its bytecode for the function's Python."""
    for package in packages.values():
        bytecode = [Path(importlib.util.cache_from_source(os.fspath(path))) for path in package.rglob("*.py")]
        assert bytecode
        assert [path for path in bytecode if not path.exists()] == []
