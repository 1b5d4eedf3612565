"""The OpenAPI document of the repository's own services describes their routes."""

import pytest

from tests.support.checks.described import check_described, document_of, reference_faults
from tests.support.domain import OWN
from tests.support.routes import Route, routes

DOCUMENT = document_of(OWN)


@pytest.mark.parametrize("route", routes(OWN), ids=lambda route: route.name)
def test_every_route_is_described(route: Route) -> None:
    """The document has each route's summary, path and query parameters, body, answer, headers and problems."""
    check_described(DOCUMENT, route)


def test_references_lead_somewhere() -> None:
    """Every $ref names a schema that exists, and every listed schema is used by a route."""
    assert reference_faults(DOCUMENT) == []


def test_patterns_are_portable() -> None:
    """No pattern uses features that only Python's regular expressions have."""
    assert "\\Z" not in str(DOCUMENT)
