"""The OpenAPI document describes every route."""

import pytest

from chalicelib.core.http.openapi import document
from tests.core.bootstrap import APIS, INFO, PERMISSIONS
from tests.support.checks.described import check_described, document_of, reference_faults
from tests.support.domain import NEUTRAL
from tests.support.routes import Route, routes

DOCUMENT = document_of(NEUTRAL)


@pytest.mark.parametrize("route", routes(NEUTRAL), ids=lambda route: route.name)
def test_every_route_is_described(route: Route) -> None:
    """Each route has its summary, path and query parameters, body, answer, headers and problems."""
    check_described(DOCUMENT, route)


def test_references_lead_somewhere() -> None:
    """Every $ref names a schema that exists, and every listed schema is used by a route."""
    assert reference_faults(DOCUMENT) == []


def test_server_and_license() -> None:
    """Clients find the server relative to the document, also below a stage, and tools find the license."""
    endpoints = [endpoint for api in APIS for endpoint in api.endpoints]
    assert DOCUMENT["servers"] == [{"url": "/"}]
    assert document(endpoints, PERMISSIONS, INFO, "/prod")["servers"] == [{"url": "/prod"}]
    assert DOCUMENT["info"]["license"]["identifier"] == "MIT"


def test_patterns_are_portable() -> None:
    """No pattern uses features that only Python's regular expressions have."""
    assert "\\Z" not in str(DOCUMENT)
