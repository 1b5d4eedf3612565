"""All routes of a domain, and the rules that every one of them has to keep."""

from typing import Any

import msgspec

from chalicelib.core.access.permissions import Access, Permissions
from chalicelib.core.http.endpoint import CommandEndpoint, OperatorEndpoint, QueryEndpoint
from tests.support.client import Answer, Client
from tests.support.domain import Domain

Route = CommandEndpoint | QueryEndpoint | OperatorEndpoint


def routes(domain: Domain) -> list[Route]:
    """Return the routes that need a token."""
    found = [endpoint for api in domain.root.APIS for endpoint in api.endpoints]
    return [endpoint for endpoint in found if isinstance(endpoint, Route)]


def path_of(route: Route) -> str:
    """Return a path of that route that names no existing item: each parameter is the example of its type."""
    return route.path.format(**{name: _example(kind) for name, kind in route.path_types.items()})


def _example(kind: Any) -> str:
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.Metadata), f"{kind} has no Meta(examples=[...])"
    schema = info.extra_json_schema or {}
    return str(schema["examples"][0])


def subject_of(role: str, permissions: Permissions) -> str:
    """Return a subject that a token of that role may have."""
    try:
        return _example(permissions.roles[role])
    except (AssertionError, KeyError):
        return "somebody"


def send(client: Client, route: Route) -> Answer:
    """Send a request to that route without parameters or content."""
    return client.request(route.method, path_of(route), None if route.method == "GET" else {})


def check_role(route: Route, role: str, permissions: Permissions, answer: Answer) -> None:
    """Check that a route answers a role as the table of permissions says.

    OWN lets the role pass. A refusal is then about another owner's item, never about the role.
    """
    granted = permissions.table[route.name].get(role)
    if granted is None:
        assert (answer.status, answer.problem) == (403, "forbidden"), (route.name, role, answer)
    elif granted is Access.ALL:
        assert answer.status not in (401, 403), (route.name, role, answer)
    else:
        assert answer.status != 401, (route.name, role, answer)
        assert answer.status != 403 or "is for" not in answer.json["detail"], (route.name, role, answer)
