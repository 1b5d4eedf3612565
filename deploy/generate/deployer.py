"""The most that functions may do if the deployer's role creates them, including the rights that services declare."""

from collections.abc import Iterable

from chalicelib.core.service import Service
from deploy.generate.fill import filled
from deploy.generate.rights import Statement

_TABLES = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Prefix}"


def text(services: Iterable[Service]) -> str:
    """Return deploy/deployer.yaml."""
    made = [
        Statement(right.actions, _resources(right.resources), f"Declared by {service.name}.").yaml()
        for service in services
        for right in service.rights
    ]
    return filled("deployer.yaml", {"declared": "\n".join(made)})


def _resources(resources: Iterable[str]) -> list[str]:
    """Return the resources as this template writes them: with full ARNs, since it has no variable for the tables."""
    return [resource.replace("${Tables}", _TABLES) for resource in resources]
