"""Resources that AWS must make after others, although none of their properties says so."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.core.mysql.connections import LOCK_WAIT_SECONDS, SQL_MODE
from local.template import load_template
from tests.deploy.cloudformation import Place, evaluate
from tests.deploy.lambdas import ROOT
from tests.deploy.test_translated import translated

pytestmark = pytest.mark.end_to_end

ROOT_STACK, DATA = "template.yaml", "infrastructure/data.yaml"
# (template, type of the later resource, type of the earlier one): why.
ORDER = {
    (
        DATA,
        "AWS::RDS::DBProxyEndpoint",
        "AWS::RDS::DBProxyTargetGroup",
    ): "an endpoint for reads needs a cluster",
    (DATA, "AWS::RDS::DBProxyTargetGroup", "AWS::RDS::DBInstance"): "a target that is not there is never available",
    (DATA, "AWS::RDS::DBCluster", "AWS::Logs::LogGroup"): "Aurora makes a group without an end where there is none",
    (ROOT_STACK, "AWS::ApiGateway::Stage", "AWS::ApiGateway::Account"): "a stage that logs needs the account's role",
}


def resources(file: str) -> dict[str, Any]:
    """Return the resources of a template, and those of the root stack as SAM makes them."""
    template = load_template(ROOT / file)
    if file != ROOT_STACK:
        found: dict[str, Any] = template["Resources"]
        return found
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    return translated(template)


def named(value: Any) -> Iterator[str]:
    """Return the logical ids and parameters that a value names."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [name, *_]}:
            yield name
        case {"Fn::GetAtt": str(name)}:
            yield name.partition(".")[0]
        case {"Fn::Sub": text}:
            yield from re.findall(r"\$\{(\w+)[.}]", str(text))
            yield from named(list(text[1].values()) if isinstance(text, list) else [])
        case dict():
            yield from named(list(value.values()))
        case list():
            for part in value:
                yield from named(part)


def before(name: str, all_of_them: dict[str, Any]) -> set[str]:
    """Return everything that CloudFormation makes before a resource."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        resource = all_of_them[waiting.pop()]
        depends = resource.get("DependsOn", [])
        direct = {*named(resource.get("Properties", {})), *([depends] if isinstance(depends, str) else depends)}
        new = (direct & all_of_them.keys()) - found
        found |= new
        waiting += new
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("file", "later", "first"), ORDER)
def test_what_comes_first(file: str, later: str, first: str) -> None:
    """Every resource of the one type waits for all resources of the other."""
    made = resources(file)
    of_type = {kind: {name for name, resource in made.items() if resource["Type"] == kind} for kind in (later, first)}
    assert of_type[later]
    assert of_type[first]
    for name in of_type[later]:
        assert of_type[first] <= before(name, made), ORDER[file, later, first]


def test_the_databases_logs_expire() -> None:
    """Each log that Aurora exports has its log group, under the name that Aurora gives it, with a limited retention."""
    template = load_template(ROOT / DATA)
    defaults = {name: p["Default"] for name, p in template["Parameters"].items() if "Default" in p}
    place = Place("aws", "eu-west-1", "tributary-dev-Data-1A2B", "51af3dc0-da77-11e4-872e-1234567db123", defaults)
    cluster = template["Resources"]["Cluster"]["Properties"]
    name = evaluate(cluster["DBClusterIdentifier"], place)
    groups = {
        evaluate(r["Properties"]["LogGroupName"], place): r["Properties"].get("RetentionInDays")
        for r in template["Resources"].values()
        if r["Type"] == "AWS::Logs::LogGroup"
    }
    exported = {f"/aws/rds/cluster/{name}/{log}" for log in cluster["EnableCloudwatchLogsExports"]}
    assert groups.keys() == exported
    assert all(groups.values())


@pytest.mark.parametrize("file", [ROOT_STACK, DATA, "infrastructure/roles.yaml"])
def test_every_log_expires(file: str) -> None:
    """No log is kept for ever."""
    for name, resource in load_template(ROOT / file)["Resources"].items():
        if resource["Type"] == "AWS::Logs::LogGroup":
            assert resource["Properties"]["RetentionInDays"] == {"Ref": "LogDays"}, name


def test_the_database_stays_with_its_long_term_support() -> None:
    """The release is a patch of Aurora MySQL 3.10, and AWS moves no instance to another release by itself."""
    template = load_template(ROOT / DATA)
    assert template["Resources"]["Cluster"]["Properties"]["EngineVersion"] == {"Ref": "EngineVersion"}
    version = template["Parameters"]["EngineVersion"]
    assert re.fullmatch(version["AllowedPattern"], version["Default"])
    assert not re.fullmatch(version["AllowedPattern"], "8.0.mysql_aurora.3.11.1")
    instances = [r["Properties"] for r in template["Resources"].values() if r["Type"] == "AWS::RDS::DBInstance"]
    assert {instance["AutoMinorVersionUpgrade"] for instance in instances} == {False}


def test_the_database_is_set_as_sessions_are() -> None:
    """The cluster's parameters have everything that sessions would set, so the proxy need not pin sessions."""
    parameters = load_template(ROOT / DATA)["Resources"]["ClusterParameters"]["Properties"]["Parameters"]
    assert set(parameters["sql_mode"].split(",")) == set(SQL_MODE.split(","))
    assert parameters["time_zone"] == "UTC"
    assert int(parameters["innodb_lock_wait_timeout"]) == LOCK_WAIT_SECONDS


@pytest.mark.parametrize(("subnet", "zone", "number"), [("SubnetA", "ZoneA", 0), ("SubnetB", "ZoneB", 1)])
def test_zones_can_be_chosen(subnet: str, zone: str, number: int) -> None:
    """Each subnet is in the named zone, or in one of the region's first two."""
    template = load_template(ROOT / DATA)
    condition, unnamed, named_zone = template["Resources"][subnet]["Properties"]["AvailabilityZone"]["Fn::If"]
    assert template["Conditions"][condition] == {"Fn::Equals": [{"Ref": zone}, ""]}
    assert unnamed == {"Fn::Select": [number, {"Fn::GetAZs": ""}]}
    assert named_zone == {"Ref": zone}
