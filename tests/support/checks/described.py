"""The OpenAPI document describes the routes."""

import re
from collections.abc import Iterator
from typing import Any

from chalicelib.core.http.endpoint import CommandEndpoint, OperatorEndpoint
from chalicelib.core.http.openapi import document
from tests.support.domain import Domain
from tests.support.routes import Route


def document_of(domain: Domain) -> dict[str, Any]:
    """Return the OpenAPI document of a domain."""
    endpoints = [endpoint for api in domain.root.APIS for endpoint in api.endpoints]
    return document(endpoints, domain.permissions, domain.root.INFO)


def check_described(described: dict[str, Any], route: Route) -> None:
    """Check that a route's summary, path and query parameters, body, answer, headers and problems are described."""
    operation = described["paths"][route.path][route.method.lower()]
    assert operation["summary"]
    assert operation["operationId"] == route.name
    given = {parameter["name"]: parameter["in"] for parameter in operation["parameters"]}
    assert {name for name, where in given.items() if where == "path"} == set(re.findall(r"{(\w+)}", route.path))
    if isinstance(route, CommandEndpoint):
        assert {"409", "412", "422", "503"} <= set(operation["responses"])
        assert given["Idempotency-Key"] == "header"
        (done,) = {"200", "201"} & set(operation["responses"])
        assert ("Location" in operation["responses"][done]["headers"]) == (done == "201")
    elif isinstance(route, OperatorEndpoint):
        assert {"200", "401", "403", "503"} <= set(operation["responses"])
        assert ("409" in operation["responses"]) == (route.method != "GET")
        assert ("limit" in given) == route.is_list
    else:
        assert given["Consistency-Token"] == "header"
        assert ("cursor" in given) == route.is_list
        tagged = not route.is_list and "version" in route.answer.__struct_fields__
        assert ("304" in operation["responses"]) == ("If-None-Match" in given) == tagged


def reference_faults(described: dict[str, Any]) -> list[str]:
    """Return the references to missing schemas, and the schemas without a reference."""
    named = {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}
    return sorted({*_references(described)} ^ named)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            yield from _references(member)
