"""The result of `chalice package`, deployed on the embedded AWS by a CloudFormation change set, and used.

The emulator lacks RDS Proxy, so the data stack's outputs are made here from the tests' own tables and database. It also
lacks CORS headers, metrics and X-Ray of API Gateway. Its mappings invoke projector and reactor, but without partial
failures, bisecting and destinations: tests/core/local checks these rules on the local pump.
"""

import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib.bootstrap import SERVICES
from deploy import chalice_stage
from deploy.chalice_sample import OUTPUTS
from deploy.generate.names import logical
from local import aws, keys
from tests.deploy.lambdas import ROOT
from tests.deploy.rehearsal.whole_aws import whole_aws
from tests.deploy.test_chalice import package, project
from tests.support.domain import OWN
from tests.support.routes import path_of, routes
from tests.support.stores import Tables, fresh_database, fresh_tables
from tests.support.waiting import PATIENT_SECONDS

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

# A replacement for the template's pattern, which requires that `owner` has no `S`. Here, that never matches if there is
# no `owner` at all; on AWS it does. Claims have no version either.
WITH_VERSION = json.dumps({"dynamodb": {"NewImage": {"version": {"N": [{"exists": True}]}}}})


@dataclass
class Deployed:
    """The API as the embedded AWS serves it.

    Attributes:
        url: the URL with the stage.
        token: a JWT of the last role.
    """

    url: str
    token: str

    def request(
        self, method: str, path: str, body: Any = None, token: str | None = "", **headers: str
    ) -> tuple[int, Any]:
        """Return status and body. If `token` is None, no token is sent."""
        request = urllib.request.Request(self.url + path, method=method)
        request.data = json.dumps(body).encode() if body is not None else None
        given = {"Content-Type": "application/json", **headers}
        if token is not None:
            given["Authorization"] = f"Bearer {token or self.token}"
        for name, value in given.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=PATIENT_SECONDS) as answer:
                return answer.status, (json.loads(answer.read() or b"null"), dict(answer.headers))
        except urllib.error.HTTPError as error:
            return error.code, (json.loads(error.read() or b"null"), dict(error.headers))

    def command(self, path: str, **body: Any) -> tuple[Any, str]:
        """Return the answer of an accepted command, and its Consistency-Token."""
        status, (answer, headers) = self.request("POST", path, body)
        assert status in (200, 201), answer
        return answer, {name.lower(): value for name, value in headers.items()}["consistency-token"]

    def query(self, path: str, token: str) -> Any:
        """Return a query's answer, as soon as the read model has the token's commit."""
        deadline = time.monotonic() + PATIENT_SECONDS
        while True:
            status, (found, _) = self.request("GET", path, Consistency_Token=token, Prefer="wait=5")
            if status != 503 or time.monotonic() > deadline:
                assert status == 200, found
                return found


def outputs(tables: Tables, database_url: str) -> dict[str, str]:
    """Return the outputs that the data stack would have."""
    described = {name: tables.client.describe_table(TableName=tables.name(name))["Table"] for name in SERVICES}
    return {
        **OUTPUTS,
        "Prefix": tables.prefix,
        "DeadLetterTable": f"{tables.prefix}dead-letters",
        "DeadLetterBucket": f"{tables.prefix}letters",
        "DeadLetterBucketArn": f"arn:aws:s3:::{tables.prefix}letters",
        "DatabaseUrl": database_url,
        "ReadDatabaseUrl": database_url,
        "MigrateDatabaseUrl": database_url,
        **{f"{logical(name)}TableArn": table["TableArn"] for name, table in described.items()},
        **{f"{logical(name)}StreamArn": table["LatestStreamArn"] for name, table in described.items()},
    }


def configure(folder: Path, tables: Tables, database_url: str, jwks: str) -> None:
    """Fill the stage as a person would, and add the settings that a person adds."""
    chalice_stage.write("dev", outputs(tables, database_url), folder)
    config = json.loads((folder / "config.json").read_text())
    stage = config["stages"]["dev"]
    stage["environment_variables"] |= {
        "AWS_ENDPOINT_URL": tables.endpoint,
        "TOKEN_SECRET": secrets.token_hex(32),
        "JWT_ISSUER": keys.ISSUER,
        "JWT_AUDIENCE": keys.AUDIENCE,
        "JWT_JWKS": jwks,
        "TRACING": "0",
    }
    for function in stage["lambda_functions"].values():
        function.pop("subnet_ids", None)  # no VPC exists here
        function.pop("security_group_ids", None)
    stage["lambda_functions"]["migrate"]["environment_variables"] = {"DATABASE_URL": database_url}
    (folder / "config.json").write_text(json.dumps(config))
    merge = folder / "merge-dev.json"
    merged = json.loads(merge.read_text())
    for resource in merged["Resources"].values():
        for source in resource["Properties"].get("Events", {}).values():
            source["Properties"]["FilterCriteria"] = {"Filters": [{"Pattern": WITH_VERSION}]}
    merge.write_text(json.dumps(merged))


def deploy(endpoint: str, template: dict[str, Any], zip_file: Path, name: str) -> str:
    """Execute a change set, and return the API's id."""
    aws.create_bucket(endpoint, name)
    client = {
        service: boto3.client(service, endpoint_url=endpoint, region_name=aws.REGION)
        for service in ("s3", "cloudformation")
    }
    client["s3"].upload_file(str(zip_file), name, "deployment.zip")
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = f"s3://{name}/deployment.zip"
    # The template has more than CloudFormation's 51,200 bytes for a template in the call itself.
    client["s3"].put_object(Bucket=name, Key="sam.json", Body=json.dumps(template).encode())
    formation = client["cloudformation"]
    formation.create_change_set(
        StackName=name,
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateURL=f"{endpoint}/{name}/sam.json",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    formation.execute_change_set(StackName=name, ChangeSetName="first")
    deadline = time.monotonic() + PATIENT_SECONDS
    while time.monotonic() < deadline:
        (stack,) = formation.describe_stacks(StackName=name)["Stacks"]
        if not stack["StackStatus"].endswith("IN_PROGRESS"):
            break
        time.sleep(0.3)
    failed = [
        e for e in formation.describe_stack_events(StackName=name)["StackEvents"] if "FAILED" in e["ResourceStatus"]
    ]
    assert stack["StackStatus"] == "CREATE_COMPLETE", failed
    return next(output["OutputValue"] for output in stack["Outputs"] if output["OutputKey"] == "RestAPIId")


@pytest.fixture(scope="module")
def whole_ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of an embedded AWS that knows SAM's transform, which needs one more library."""
    with whole_aws(tmp_path_factory.mktemp("ministack")) as url:
        yield url


@pytest.fixture(scope="module")
def deployed(whole_ministack: str, mysql_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """Yield the whole deployment."""
    folder = project(tmp_path_factory.mktemp("rehearsal") / "project", (ROOT / "requirements.txt").read_text())
    held = tmp_path_factory.mktemp("keys")
    with fresh_tables(whole_ministack) as tables, fresh_database(mysql_server) as database_url:
        token = keys.issue(held, list(OWN.permissions.roles)[-1])
        configure(folder / ".chalice", tables, database_url, keys.jwks_path(held).read_text())
        template = package(folder, "dev", merge=True)
        api = deploy(whole_ministack, template, folder / "out/deployment.zip", f"{tables.prefix}stack")
        yield Deployed(f"{whole_ministack}/restapis/{api}/dev/_user_request_", token)


def test_a_query(deployed: Deployed) -> None:
    """A query passes the gateway and its authorizer, and reads the read model."""
    status, (found, _) = deployed.request("GET", "/status")
    assert (status, found) == (200, {"services": []})


def test_refusals(deployed: Deployed) -> None:
    """Requests without a token, and with a bad one, are refused."""
    for route in routes(OWN):
        assert deployed.request(route.method, path_of(route), token=None)[0] == 401
    assert deployed.request("GET", "/status", token="forged.token.here")[0] in (401, 403)


def test_health_needs_no_token(deployed: Deployed) -> None:
    """A public route has no authorizer."""
    assert deployed.request("GET", "/health", token=None)[:1] == (200,)
