"""All routes of a domain, and what every one of them has to do, whatever it is for."""

from typing import Any

import msgspec

from chalicelib.core.access.permissions import Access, Permissions
from chalicelib.core.http.endpoint import CommandEndpoint, OperatorEndpoint, QueryEndpoint
from tests.support.client import Answer, Client
from tests.support.domain import Domain

Route = CommandEndpoint | QueryEndpoint | OperatorEndpoint


def routes(domain: Domain) -> list[Route]:
    """The routes that need a token."""
    found = [endpoint for api in domain.root.APIS for endpoint in api.endpoints]
    return [endpoint for endpoint in found if isinstance(endpoint, Route)]


def path_of(route: Route) -> str:
    """A path of that route at which nothing is: each parameter's type shows an example of what it takes."""
    return route.path.format(**{name: _example(kind) for name, kind in route.path_types.items()})


def _example(kind: Any) -> str:
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.Metadata), f"{kind} has no Meta(examples=[...])"
    schema = info.extra_json_schema or {}
    return str(schema["examples"][0])


def subject_of(role: str, permissions: Permissions) -> str:
    """A subject that a token of that role may have."""
    try:
        return _example(permissions.roles[role])
    except (AssertionError, KeyError):
        return "somebody"


def send(client: Client, route: Route) -> Answer:
    """A request to that route that says nothing."""
    return client.request(route.method, path_of(route), None if route.method == "GET" else {})


def check_role(route: Route, role: str, permissions: Permissions, answer: Answer) -> None:
    """What a role is answered by a route has to be what the table of permissions says.

    OWN lets through: what is refused then is another's, never the role.
    """
    granted = permissions.table[route.name].get(role)
    if granted is None:
        assert (answer.status, answer.problem) == (403, "forbidden"), (route.name, role, answer)
    elif granted is Access.ALL:
        assert answer.status not in (401, 403), (route.name, role, answer)
    else:
        assert answer.status != 401, (route.name, role, answer)
        assert answer.status != 403 or "is for" not in answer.json["detail"], (route.name, role, answer)
