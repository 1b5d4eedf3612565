"""The access to the routes of the repository's own services, and the rules of every route for all callers."""

import pytest

from chalicelib.core.access.permissions import Access
from chalicelib.core.http.endpoint import CommandEndpoint
from tests.support.client import Client
from tests.support.domain import OWN
from tests.support.routes import Route, check_role, path_of, routes, send, subject_of
from tests.support.stack import Stack

ROUTES = routes(OWN)
COMMANDS = [route for route in ROUTES if isinstance(route, CommandEndpoint)]


def test_table_and_routes_agree() -> None:
    """Every route has a row in the table of permissions, and every row has a route."""
    rows = {name for name in OWN.permissions.table if ":" not in name}
    assert rows == {route.name for route in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_no_token(stack: Stack, route: Route) -> None:
    """Without a token, the answer is 401 and says how to send one."""
    answer = send(Client(stack.url), route)
    assert (answer.status, answer.problem) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
@pytest.mark.parametrize("role", OWN.permissions.roles)
def test_roles(stack: Stack, route: Route, role: str) -> None:
    """A role that the table leaves out gets 403. Any other role gets another answer."""
    check_role(route, role, OWN.permissions, send(stack.client(role, subject_of(role, OWN.permissions)), route))


@pytest.mark.parametrize("route", COMMANDS, ids=lambda route: route.name)
@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[]", b'"text"'])
def test_bodies_that_are_no_objects(stack: Stack, route: CommandEndpoint, body: bytes) -> None:
    """A body that is not an object is refused, even where none is needed, and never with 500."""
    role = next(role for role, access in OWN.permissions.table[route.name].items() if access is Access.ALL)
    answer = stack.client(role, subject_of(role, OWN.permissions)).request(route.method, path_of(route), body)
    assert (answer.status, answer.pointers) in ((400, [""]), (422, [""])), answer
