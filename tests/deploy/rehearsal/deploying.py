"""Packages, uploads and a change set on the embedded AWS."""

import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import boto3

from local import aws
from tests.deploy.rehearsal import by_api

ROOT_KEY = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
ADMIN = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def client(service: str, endpoint: str, **key: str) -> Any:
    """Return a client of the embedded AWS, with the account's own key or another."""
    return boto3.client(service, endpoint_url=endpoint, region_name=aws.REGION, **(key or ROOT_KEY))  # type: ignore[call-overload]


def zipped(folder: Path) -> bytes:
    """Return a package as Lambda accepts it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return content.getvalue()


def make_provider(endpoint: str) -> str:
    """Make the function of by_api.py, and return its ARN."""
    trusted = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam = client("iam", endpoint)
    role = iam.create_role(RoleName="by-api", AssumeRolePolicyDocument=policy(trusted))["Role"]["Arn"]
    iam.put_role_policy(RoleName="by-api", PolicyName="all", PolicyDocument=policy(ADMIN))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.write(by_api.__file__, "by_api.py")
    made = client("lambda", endpoint).create_function(
        FunctionName="by-api",
        Runtime="python3.13",
        Role=role,
        Handler="by_api.handle",
        Code={"ZipFile": content.getvalue()},
        Timeout=60,
        Environment={"Variables": {"AWS_ENDPOINT_URL": endpoint, "AWS_DEFAULT_REGION": aws.REGION}},
    )
    return str(made["FunctionArn"])


def policy(*statements: dict[str, Any]) -> str:
    """Return a policy's document."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def deploy(formation: Any, name: str, template_url: str, parameters: dict[str, str], **more: str) -> dict[str, str]:
    """Make a stack by a change set, as `sam deploy` does, and return its outputs.

    Args:
        formation: the client of CloudFormation.
        name: the stack's name.
        template_url: the URL of its template.
        parameters: the template's parameters.
        more: further arguments of the change set, such as RoleARN.
    """
    formation.create_change_set(
        StackName=name,
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateURL=template_url,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        **more,
    )
    formation.execute_change_set(StackName=name, ChangeSetName="first", DisableRollback=True)
    deadline = time.monotonic() + 300
    while True:
        (stack,) = formation.describe_stacks(StackName=name)["Stacks"]
        if not stack["StackStatus"].endswith("IN_PROGRESS") or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    events = formation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [
        (e["LogicalResourceId"], e.get("ResourceStatusReason")) for e in events if "FAILED" in e["ResourceStatus"]
    ]
    assert stack["StackStatus"] == "CREATE_COMPLETE", (stack["StackStatus"], failed)
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
