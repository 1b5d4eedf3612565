"""The routes of commands, queries and operators, and the streams that feed the projector and the reactor."""

import json
from collections.abc import Iterable, Sequence
from textwrap import indent

from chalicelib.core.http.chalice_adapter import AnyEndpoint
from chalicelib.core.http.endpoint import OperatorEndpoint
from chalicelib.core.http.info import ApiInfo
from chalicelib.core.service import Service
from chalicelib.core.settings import Setting
from deploy.generate import own_settings
from deploy.generate.fill import filled
from deploy.generate.names import logical

_ROUTE = """
{id}:
  Type: Api
  Properties: {{RestApiId: !Ref Api, Path: {path}, Method: {method}{auth}}}
"""
_MAPPING = """
{id}:
  Type: DynamoDB
  Properties:
    Stream: !GetAtt Data.Outputs.{id}StreamArn
    StartingPosition: TRIM_HORIZON
    BatchSize: {batch_size}
    MaximumBatchingWindowInSeconds: 0
    ParallelizationFactor: !Ref Parallelization
    MaximumRetryAttempts: -1
    MaximumRecordAgeInSeconds: -1
    BisectBatchOnFunctionError: true
    FunctionResponseTypes: [ReportBatchItemFailures]
    DestinationConfig: {{OnFailure: {{Type: S3, Destination: !GetAtt Data.Outputs.DeadLetterBucketArn}}}}
    FilterCriteria:
      Filters:
{patterns}
"""
# Only claims have an owner or a fingerprint. A removal has no new image.
_AGGREGATES = """
        - Pattern: >-
            {"dynamodb": {"NewImage": {"id": {"S": [{"exists": true}]},
            "owner": {"S": [{"exists": false}]}, "fingerprint": {"S": [{"exists": false}]}}}}
"""
_PROJECTED, _REACTED_TO = 1000, 100  # records in a batch; the reactor runs a command for each record


def text(
    services: Sequence[Service], endpoints: Iterable[AnyEndpoint], settings: Sequence[Setting], info: ApiInfo
) -> str:
    """Return template.yaml for the services, all routes, and the names that API Gateway's own problems share."""
    routes: dict[str, list[str]] = {"CommandsFunction": [], "QueriesFunction": [], "OperationsFunction": []}
    for endpoint in endpoints:
        routes[function_of(endpoint)].append(_route(endpoint))
    sources = sorted({policy.source for service in services for policy in service.policies})
    made = filled(
        "template.yaml",
        {
            "commands": _events(routes["CommandsFunction"]),
            "queries": _events(routes["QueriesFunction"]),
            "operations": _events(routes["OperationsFunction"]),
            "projected": _events(_mapping(service.name, _PROJECTED, [""]) for service in services),
            **own_settings.parts(settings),
            "reacted-to": _events(_mapping(name, _REACTED_TO, prefixes(services, name)) for name in sources),
        },
    )
    return made.replace("PROBLEM_TYPES", info.problem_types).replace("REQUEST_IDS", info.request_ids)


def function_of(endpoint: AnyEndpoint) -> str:
    """Return the name of the function that serves a route."""
    if isinstance(endpoint, OperatorEndpoint):
        return "OperationsFunction"
    return "QueriesFunction" if endpoint.method == "GET" else "CommandsFunction"


def prefixes(services: Iterable[Service], source: str) -> list[str]:
    """Return the prefixes of the ids that policies on a service's stream react to; [""] if one reacts to all."""
    wanted = {policy.prefix for service in services for policy in service.policies if policy.source == source}
    return [""] if "" in wanted else sorted(wanted)


def _events(events: Iterable[str]) -> str:
    """Return the property Events of a function, or "" if it has none."""
    made = list(events)
    return "Events:\n" + indent("\n".join(made), "  ") if made else ""


def _route(endpoint: AnyEndpoint) -> str:
    return _ROUTE.strip().format(
        id=logical(endpoint.name or endpoint.path) or "Root",
        path=f'"{endpoint.path}"' if "{" in endpoint.path else endpoint.path,
        method=endpoint.method.lower(),
        auth="" if endpoint.name else ", Auth: {Authorizer: NONE}",
    )


def _mapping(service: str, batch_size: int, id_prefixes: Iterable[str]) -> str:
    patterns = "\n".join(_pattern(prefix) for prefix in id_prefixes)
    return _MAPPING.strip().format(id=logical(service), batch_size=batch_size, patterns=patterns)


def _pattern(prefix: str) -> str:
    if not prefix:
        return _AGGREGATES.strip("\n")
    return f"        - Pattern: '{json.dumps({'dynamodb': {'NewImage': {'id': {'S': [{'prefix': prefix}]}}}})}'"
