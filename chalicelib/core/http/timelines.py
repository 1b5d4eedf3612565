"""A timeline for every aggregate that has a route: GET /things/{id} is followed by GET /things/{id}/timeline.

Its name is that of the item's route: "things.get" leads to "things.timeline". It needs a permission of its own, since
events may tell more than the item does.
"""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from chalicelib.core.access.permissions import Access
from chalicelib.core.http.chalice_adapter import AnyEndpoint, Api
from chalicelib.core.http.endpoint import Call, NoParameters, QueryEndpoint
from chalicelib.core.queries.limit import QueryCursor
from chalicelib.core.queries.timeline import Events, Timeline, TimelineParameters, read_timeline


def with_timelines(api: Api) -> Api:
    """The same routes, each of an item followed by that of its timeline."""
    more = Api(api.service, **api.paths)
    for endpoint in api.endpoints:
        more.endpoints += [endpoint, *_timeline_of(endpoint, api.service)]
    return more


def _timeline_of(item: AnyEndpoint, service: str) -> Iterator[QueryEndpoint]:
    """The route of an item's timeline; none if it is not the route of one versioned item."""
    if not isinstance(item, QueryEndpoint) or not item.has_tag or item.parameters is not NoParameters:
        return
    if item.path.count("{") == 1 and item.path.endswith("}"):
        yield QueryEndpoint(
            "GET",
            f"{item.path}/timeline",
            f"{item.name.removesuffix('.get')}.timeline",
            "Show the history, commit by commit.",
            item.path_types,
            Timeline,
            TimelineParameters,
            _run(item, service),
        )


def _run(item: QueryEndpoint, service: str) -> Callable[[Call[Any], QueryCursor], Timeline]:
    """The function of the route. Whoever is not shown the item is not shown its timeline."""

    def run(call: Call[Any], cursor: QueryCursor) -> Timeline:
        asked: TimelineParameters = call.body
        permitted = call.runtime.permissions.access(item.name, call.principal)
        narrower = Access.OWN if Access.OWN in (call.access, permitted) else Access.ALL
        found = item.run(replace(call, name=item.name, access=narrower, body=NoParameters()), cursor)
        (id,) = call.request.path_parameters.values()
        services = call.runtime.services
        shown = [name for name in services if call.sees_whole(f"{name}.timeline")]

        def recorded(name: str, id: str, stored: Events) -> Events:
            return services[name].recorded_events(id, stored)

        page = read_timeline(cursor, service, id, found.version, asked, recorded, shown)
        address = f"{call.request.path}?limit={asked.limit}&before={page.before}" if page.before else None
        return Timeline(id=id, incomplete=page.incomplete, next=address, entries=list(page.entries))

    return run
