"""Names that the templates fix are legal, and differ between stacks."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from local.template import load_template
from tests.deploy.cloudformation import Place, Unknown, evaluate
from tests.deploy.lambdas import ROOT

# The names that AWS accepts, by the property that fixes a name.
LEGAL = {
    "DBProxyName": r"[a-zA-Z](?:-?[a-zA-Z0-9]+){0,62}",
    "DBProxyEndpointName": r"[a-zA-Z](?:-?[a-zA-Z0-9]+){0,62}",
    "DBClusterIdentifier": r"[a-z](?:-?[a-z0-9]+){0,62}",
    "LogGroupName": r"[a-zA-Z0-9_/.#-]{1,512}",
    "TableName": r"[a-zA-Z0-9_.-]{3,255}",
    "DashboardName": r"[a-zA-Z0-9_-]{1,255}",
}
LONGEST = {"DBProxyName": 63, "DBProxyEndpointName": 63, "DBClusterIdentifier": 63, "LogGroupName": 512}
PLACES = [("aws", "eu-west-1"), ("aws-us-gov", "us-gov-west-1"), ("aws-cn", "cn-north-1")]
ROOTS = ["tributary", "tributary-dev", "a", "shop-of-a-team-with-a-long-name-and-many-hyphens"]
GUIDS = ["51af3dc0-da77-11e4-872e-1234567db123", "c7a0fcd0-0b5a-11ee-8c69-0a5d3cbd2b4f"]


def fixed_names(root: Place) -> Iterator[tuple[str, str]]:
    """Return (property, value) of every fixed name of a deployment, including nested stacks."""
    template = load_template(ROOT / "template.yaml")
    parameters = {**_defaults(template), **root.parameters}
    root = Place(root.partition, root.region, root.name, root.guid, parameters)
    yield from _names(template, root)
    for logical_id, stack in template["Resources"].items():
        if stack["Type"] == "AWS::CloudFormation::Stack":
            nested = load_template(ROOT / stack["Properties"]["TemplateURL"])
            given = {name: _known(value, root) for name, value in stack["Properties"].get("Parameters", {}).items()}
            known = {**_defaults(nested), **{name: value for name, value in given.items() if value is not None}}
            yield from _names(nested, root.nested(logical_id, "1A2B3C4D5E6F", _other(root.guid), known))


def _other(guid: str) -> str:
    """Return the GUID of a stack nested in the one with this GUID."""
    return guid[:-3] + guid[:3]


def _defaults(template: dict[str, Any]) -> dict[str, Any]:
    return {name: p["Default"] for name, p in template.get("Parameters", {}).items() if "Default" in p}


def _known(value: Any, place: Place) -> Any:
    try:
        return evaluate(value, place)
    except Unknown:
        return None


def _names(template: dict[str, Any], place: Place) -> Iterator[tuple[str, str]]:
    of_others = {*template["Resources"], *template.get("Parameters", {})} - place.parameters.keys()
    for resource in template["Resources"].values():
        for name, value in resource.get("Properties", {}).items():
            # A name of another stack's resource is a Ref of it, or of a parameter that another stack gives.
            if name in LEGAL and not (isinstance(value, dict) and value.get("Ref", "") in of_others):
                yield name, evaluate(value, place)


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize(("partition", "region"), PLACES)
def test_names_are_legal(root: str, partition: str, region: str) -> None:
    """The names are legal in every partition, whatever the root stack is called."""
    found = list(fixed_names(Place(partition, region, root, GUIDS[0], {})))
    assert {name for name, _ in found} == set(LEGAL)
    for name, value in found:
        assert re.fullmatch(LEGAL[name], value), (name, value)
        assert len(value) <= LONGEST.get(name, 255), (name, value)


@pytest.mark.parametrize(("partition", "region"), PLACES)
def test_two_stacks_share_no_name(partition: str, region: str) -> None:
    """The names of two deployments in one account and region differ, if Stage and TablePrefix differ as documented."""
    dev = set(fixed_names(Place(partition, region, "tributary-dev", GUIDS[0], {"Stage": "dev"})))
    prod = Place(partition, region, "tributary-prod", GUIDS[1], {"Stage": "prod", "TablePrefix": "prod-"})
    assert dev & set(fixed_names(prod)) == set()


def test_no_function_reserves_concurrency(functions: dict[str, Any]) -> None:
    """No function reserves concurrency: a new account may have ten concurrent calls, and can reserve none of them."""
    assert not [name for name, properties in functions.items() if "ReservedConcurrentExecutions" in properties]


def test_no_name_is_fixed_unseen() -> None:
    """These tests know every property that fixes a name."""
    named = {
        name
        for file in (
            "template.yaml",
            "infrastructure/data.yaml",
            "infrastructure/roles.yaml",
            "infrastructure/alarms.yaml",
        )
        for resource in load_template(ROOT / file)["Resources"].values()
        for name in resource.get("Properties", {})
        if name.endswith(("Name", "Identifier"))
    }
    of_another_or_free = {
        "AttributeName",
        "DatabaseName",
        "DBClusterParameterGroupName",
        "DBSubnetGroupName",
    }
    of_another_or_free |= {"TargetGroupName", "MetricName", "ServiceName", "StageName"}
    of_another_or_free |= {"Name"}  # a name of an API, of which AWS allows several with one name
    assert named - of_another_or_free == set(LEGAL)
