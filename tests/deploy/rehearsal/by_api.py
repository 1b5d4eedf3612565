"""A function behind a custom resource. By calls of the API, it makes what the embedded CloudFormation does not know.

It runs on the embedded AWS, with its Python. "Properties" has the resource's properties in the template, and "Kind" has
its type. CloudFormation gives all values to a custom resource as text.
"""

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3


def typed(value: Any, shape: Any) -> Any:
    """Return a value, given as text, with the type of the API's model."""
    match shape.type_name:
        case "structure":
            return {name: typed(content, shape.members[name]) for name, content in value.items()}
        case "list":
            return [typed(content, shape.member) for content in value]
        case "boolean":
            return value in (True, "true")
        case "integer" | "long":
            return int(value)
        case "double" | "float":
            return float(value)
    return value


def call(service: str, operation: str, **parameters: Any) -> Any:
    """Call AWS with parameters of text."""
    client: Any = boto3.client(service)
    name = client.meta.method_to_api_mapping[operation]
    given = typed(parameters, client.meta.service_model.operation_model(name).input_shape)
    return getattr(client, operation)(**given)


def proxy(_name: str, properties: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Make an AWS::RDS::DBProxy."""
    made = call("rds", "create_db_proxy", **properties)["DBProxy"]
    return made["DBProxyName"], {"Endpoint": made["Endpoint"], "DBProxyArn": made["DBProxyArn"]}


def targets(_name: str, properties: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Make an AWS::RDS::DBProxyTargetGroup."""
    which = {key: properties[key] for key in ("DBProxyName", "TargetGroupName")}
    pool = properties["ConnectionPoolConfigurationInfo"]
    call("rds", "modify_db_proxy_target_group", **which, ConnectionPoolConfig=pool)
    clusters = properties["DBClusterIdentifiers"]
    made = call("rds", "register_db_proxy_targets", **which, DBClusterIdentifiers=clusters)["DBProxyTargets"]
    assert made, "no instance stands behind the proxy"
    return properties["TargetGroupName"], {}


def endpoint(_name: str, properties: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Make an AWS::RDS::DBProxyEndpoint."""
    made = call("rds", "create_db_proxy_endpoint", **properties)["DBProxyEndpoint"]
    return made["DBProxyEndpointName"], {"Endpoint": made["Endpoint"]}


def alarm(name: str, properties: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Make an AWS::CloudWatch::Alarm with metric math."""
    call("cloudwatch", "put_metric_alarm", AlarmName=name, **properties)
    return name, {}


def ingress(name: str, properties: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Make an AWS::EC2::SecurityGroupIngress."""
    call("ec2", "authorize_security_group_ingress", **_rule("SourceSecurityGroupId", properties))
    return name, {}


def egress(name: str, properties: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Make an AWS::EC2::SecurityGroupEgress."""
    call("ec2", "authorize_security_group_egress", **_rule("DestinationSecurityGroupId", properties))
    return name, {}


def _rule(other: str, properties: dict[str, Any]) -> dict[str, Any]:
    ports = {key: properties[key] for key in ("IpProtocol", "FromPort", "ToPort")}
    pair = {"GroupId": properties[other], "Description": properties["Description"]}
    return {"GroupId": properties["GroupId"], "IpPermissions": [{**ports, "UserIdGroupPairs": [pair]}]}


def association(name: str, properties: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Make an AWS::WAFv2::WebACLAssociation."""
    call("wafv2", "associate_web_acl", **properties)
    return name, {}


KINDS: dict[str, Callable[[str, dict[str, Any]], tuple[str, dict[str, str]]]] = {
    "AWS::RDS::DBProxy": proxy,
    "AWS::RDS::DBProxyTargetGroup": targets,
    "AWS::RDS::DBProxyEndpoint": endpoint,
    "AWS::CloudWatch::Alarm": alarm,
    "AWS::EC2::SecurityGroupIngress": ingress,
    "AWS::EC2::SecurityGroupEgress": egress,
    "AWS::WAFv2::WebACLAssociation": association,
}


def handle(event: dict[str, Any], _context: Any) -> None:
    """Make the resource, and answer CloudFormation. It is never deleted, since it ends with the emulator."""
    answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")} | {"Status": "SUCCESS"}
    answer["PhysicalResourceId"] = event.get("PhysicalResourceId", "none")
    try:
        if event["RequestType"] == "Create":
            given = event["ResourceProperties"]
            name = f"{event['StackId'].split('/')[1]}-{event['LogicalResourceId']}"
            answer["PhysicalResourceId"], answer["Data"] = KINDS[given["Kind"]](name, given["Properties"])
    except Exception as error:
        answer |= {"Status": "FAILED", "Reason": f"{event['LogicalResourceId']}: {error!r}"}
    request = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT")
    urllib.request.urlopen(request).close()
