"""The templates for the embedded AWS: its API makes what it lacks, and the database is a private one.

Only the parts named here are changed. Everything else is as `sam deploy` sends it.
"""

import json
from typing import Any

from local.template import load_template
from tests.deploy.lambdas import ROOT
from tests.deploy.rehearsal.by_api import KINDS
from tests.deploy.test_translated import in_parts

NESTED = {
    "Data": "infrastructure/data.yaml",
    "Roles": "infrastructure/roles.yaml",
    "Alarms": "infrastructure/alarms.yaml",
}
# A replacement for the template's pattern, which requires that `owner` has no `S`. Here, that never matches if there is
# no `owner` at all; on AWS it does. Claims have no version either.
WITH_VERSION = json.dumps({"dynamodb": {"NewImage": {"version": {"N": [{"exists": True}]}}}})

# The embedded cluster has no secret of its own.
_OF_THE_CLUSTER = json.dumps({"Fn::GetAtt": ["Cluster", "MasterUserSecret.SecretArn"]})
_MASTER_SECRET = {
    "Type": "AWS::SecretsManager::Secret",
    "Properties": {"SecretString": json.dumps({"username": "tributary_admin", "password": "none"})},
}


def by_api(template: dict[str, Any], provider: str) -> dict[str, Any]:
    """Replace the resources that the embedded CloudFormation lacks by custom resources.

    Args:
        template: the template to change.
        provider: the ARN of the function of by_api.py.
    """
    for resource in template["Resources"].values():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind not in KINDS or (kind == "AWS::CloudWatch::Alarm" and "Metrics" not in properties):
            continue
        resource["Type"] = "Custom::ByApi"
        resource["Properties"] = {"ServiceToken": provider, "Kind": kind, "Properties": properties}
    return template


def data(provider: str, urls: dict[str, str], passwords: dict[str, str]) -> dict[str, Any]:
    """Return infrastructure/data.yaml.

    Args:
        provider: see `by_api`.
        urls: the database's URLs by output, since nothing listens at the proxy's address.
        passwords: passwords by secret, for those that only the proxy would know.
    """
    template = by_api(load_template(ROOT / NESTED["Data"]), provider)
    template["Resources"]["MasterSecret"] = _MASTER_SECRET
    del template["Resources"]["DeadLetterBucketPolicy"]  # it denies requests without TLS, and no request here has TLS
    for name, url in urls.items():
        template["Outputs"][name] = {"Value": url}
    for name, password in passwords.items():
        properties = template["Resources"][name]["Properties"]
        user = json.loads(properties.pop("GenerateSecretString")["SecretStringTemplate"])["username"]
        properties["SecretString"] = json.dumps({"username": user, "password": password})
    text = json.dumps(plain(template)).replace(_OF_THE_CLUSTER, json.dumps({"Ref": "MasterSecret"}))
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::SecretsManager::Secret":  # a Ref is the ARN on AWS, and the name here
            text = text.replace(json.dumps({"Ref": name}), json.dumps({"Fn::GetAtt": [name, "Id"]}))
    made: dict[str, Any] = json.loads(text)
    return made


def nested(name: str, provider: str) -> dict[str, Any]:
    """Return another of the nested templates."""
    return plain(by_api(load_template(ROOT / NESTED[name]), provider))


def root(provider: str, bucket_url: str, packages: dict[str, str]) -> dict[str, Any]:
    """Return template.yaml.

    Args:
        provider: see `by_api`.
        bucket_url: the URL of the bucket with the nested templates.
        packages: s3://bucket/key of each function's package.
    """
    template = by_api(load_template(ROOT / "template.yaml"), provider)
    for name in NESTED:
        template["Resources"][name]["Properties"]["TemplateURL"] = f"{bucket_url}/{name}.json"
    for name, package in packages.items():
        properties = template["Resources"][name]["Properties"]
        properties["CodeUri"] = package
        for source in properties.get("Events", {}).values():
            if source["Type"] == "DynamoDB":
                source["Properties"]["FilterCriteria"] = {"Filters": [{"Pattern": WITH_VERSION}]}
    return plain(template)


def plain(template: dict[str, Any]) -> dict[str, Any]:
    """Return a template as JSON."""
    made: dict[str, Any] = json.loads(json.dumps(in_parts(template)))
    return made
