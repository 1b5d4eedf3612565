"""What functions may have at most when the deployer's role makes them: what services declare included."""

from collections.abc import Iterable

from chalicelib.core.service import Service
from deploy.generate.fill import filled
from deploy.generate.rights import Statement

_TABLES = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Prefix}"


def text(services: Iterable[Service]) -> str:
    """deploy/deployer.yaml."""
    made = [
        Statement(right.actions, _resources(right.resources), f"Declared by {service.name}.").yaml()
        for service in services
        for right in service.rights
    ]
    return filled("deployer.yaml", {"declared": "\n".join(made)})


def _resources(resources: Iterable[str]) -> list[str]:
    """The resources as this template spells them, which does not know where the tables are."""
    return [resource.replace("${Tables}", _TABLES) for resource in resources]
