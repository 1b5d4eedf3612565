"""The OpenAPI document of the repository's own services says what their routes do."""

import pytest

from tests.support.checks.described import check_described, document_of, reference_faults
from tests.support.domain import OWN
from tests.support.routes import Route, routes

DOCUMENT = document_of(OWN)


@pytest.mark.parametrize("route", routes(OWN), ids=lambda route: route.name)
def test_every_route_is_described(route: Route) -> None:
    """Summary, parameters of path and query, body, answer, headers and problems."""
    check_described(DOCUMENT, route)


def test_references_lead_somewhere() -> None:
    """Every $ref names a schema that is there, and no schema is listed that no route uses."""
    assert reference_faults(DOCUMENT) == []


def test_patterns_are_portable() -> None:
    """No pattern uses what only Python's regular expressions know."""
    assert "\\Z" not in str(DOCUMENT)
