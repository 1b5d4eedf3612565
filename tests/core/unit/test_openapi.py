"""The OpenAPI document says what the routes do, for every route."""

import re
from typing import Any

import pytest

from chalicelib.core.http.endpoint import CommandEndpoint, QueryEndpoint
from chalicelib.core.http.openapi import document
from tests.core.bootstrap import APIS, INFO, PERMISSIONS

ENDPOINTS = [endpoint for api in APIS for endpoint in api.endpoints]
DOCUMENT = document(ENDPOINTS, PERMISSIONS, INFO)


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.name], ids=lambda endpoint: endpoint.name)
def test_every_route_is_described(endpoint: Any) -> None:
    """Summary, parameters of path and query, body, answer, headers and problems."""
    operation = DOCUMENT["paths"][endpoint.path][endpoint.method.lower()]
    assert operation["summary"]
    assert operation["operationId"] == endpoint.name
    given = {parameter["name"]: parameter["in"] for parameter in operation["parameters"]}
    assert {name for name, where in given.items() if where == "path"} == set(re.findall(r"{(\w+)}", endpoint.path))
    if isinstance(endpoint, CommandEndpoint):
        assert {"409", "412", "422", "503"} <= set(operation["responses"])
        assert given["Idempotency-Key"] == "header"
        (done,) = {"200", "201"} & set(operation["responses"])
        assert ("Location" in operation["responses"][done]["headers"]) == (done == "201")
    if isinstance(endpoint, QueryEndpoint):
        assert given["Consistency-Token"] == "header"
        assert ("limit" in given) == endpoint.is_list
        tagged = not endpoint.is_list and "version" in endpoint.answer.__struct_fields__
        assert ("304" in operation["responses"]) == ("If-None-Match" in given) == tagged


def references(value: Any) -> set[str]:
    """Every $ref in a document."""
    if isinstance(value, dict):
        own = {value["$ref"]} if "$ref" in value else set()
        return own.union(*(references(member) for member in value.values()))
    return set().union(*(references(element) for element in value)) if isinstance(value, list) else set()


def test_references_lead_somewhere() -> None:
    """Every $ref names a schema that is there."""
    named = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert references(DOCUMENT) <= named


def test_schemas_are_referred_to() -> None:
    """No schema is listed that no route uses."""
    assert references(DOCUMENT) == {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}


def test_server_and_license() -> None:
    """Clients find the server where the document is, below a stage as well, and tools the license."""
    assert DOCUMENT["servers"] == [{"url": "/"}]
    assert document(ENDPOINTS, PERMISSIONS, INFO, "/prod")["servers"] == [{"url": "/prod"}]
    assert DOCUMENT["info"]["license"]["identifier"] == "MIT"


def test_patterns_are_portable() -> None:
    """No pattern uses what only Python's regular expressions know."""
    assert "\\Z" not in str(DOCUMENT)
