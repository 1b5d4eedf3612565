"""Every filter of a list has an index, which the server considers only for queries with the filter."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import inspect
from pymysql import OperationalError
from pymysql.cursors import DictCursor

from chalicelib.core.access.authentication import Principal
from chalicelib.core.access.permissions import Access
from chalicelib.core.http.endpoint import Call, QueryEndpoint
from chalicelib.core.http.request import Request
from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector import sql
from chalicelib.core.queries.listing import ListParameters
from chalicelib.core.runtime import Runtime
from chalicelib.core.settings import Settings
from tests.support.checks.made import START, Maker
from tests.support.domain import Domain
from tests.support.routes import path_of, routes
from tests.support.watching import Recorder, explain_as_a_table

UNINDEXED = "unindexed"
"""In the extra of a parameter's Meta: why its filter has none, and what a page then costs."""
_AGGREGATES = 50
_NO_SUCH_KEY = 1176  # ER_KEY_DOES_NOT_EXITS: a statement may name its index
_NO_FILTERS = {"sort", *ListParameters.__struct_fields__}


def index_faults(url: str, domain: Domain) -> list[str]:
    """Return the filters of a domain's lists for which the server considers no index.

    Args:
        url: the URL of a migrated database, which the check fills with rows made up from their types.
        domain: the domain with the lists.
    """
    filling = connect(url)
    _fill(filling, domain)
    filling.close()
    connection = connect(url, for_queries=True)
    explain_as_a_table(connection)
    runtime = Runtime(Settings(token_secret="x" * 32), domain.services, domain.permissions, lambda _: {})
    faults = [
        fault
        for route in routes(domain)
        if isinstance(route, QueryEndpoint) and route.is_list
        for fault in _faults(connection, runtime, route)
    ]
    connection.close()
    return faults


def _fill(connection: Any, domain: Domain) -> None:
    for service in domain.services.values():
        maker = Maker()
        for number in range(_AGGREGATES):
            root, children = maker.rows(service.projection, number)
            for table in (service.projection.root, *service.projection.children):
                rows = [root] if table is service.projection.root else children.get(table.name, ())
                for statement in sql.insert(table, rows):
                    connection.query(statement)


def _faults(connection: Any, runtime: Runtime, route: QueryEndpoint) -> Iterator[str]:
    plain_texts, plain_indexes = _look(connection, runtime, route, {})
    for name, value in _filters(route):
        try:
            texts, indexes = _look(connection, runtime, route, {name: value})
        except OperationalError as error:
            if error.args[0] != _NO_SUCH_KEY:
                raise
            yield f"{route.path}: the filter {name}={value!r} has no index; its statement names one: {error.args[1]}"
            continue
        # A parameter that only changes values adds no condition.
        if texts != plain_texts and not indexes - plain_indexes:
            yield f"{route.path}: the filter {name}={value!r} has no index; none is seen for {' and '.join(texts)}"


def _filters(route: QueryEndpoint) -> Iterator[tuple[str, Any]]:
    """Return the filters, with possible values."""
    info = inspect.type_info(route.parameters)
    assert isinstance(info, inspect.StructType)
    for field in info.fields:
        if field.name not in _NO_FILTERS and UNINDEXED not in _extra(field.type):
            for value in _values(field.type, f"{route.path}: {field.encode_name}"):
                yield field.encode_name, value


def _extra(info: inspect.Type) -> Mapping[str, Any]:
    """Yield all metadata of a type, and of the types in it."""
    match info:
        case inspect.Metadata():
            return {**_extra(info.type), **(info.extra or {})}
        case inspect.UnionType(types=types):
            return {name: value for kind in types for name, value in _extra(kind).items()}
    return {}


def _values(info: inspect.Type, place: str) -> list[Any]:
    match info:
        case inspect.Metadata(extra_json_schema=dict(schema)) if schema.get("examples"):
            return [schema["examples"][0]]
        case inspect.Metadata():
            return _values(info.type, place)
        case inspect.UnionType(types=types):
            kinds = [kind for kind in types if not isinstance(kind, inspect.NoneType)]
            return _values(kinds[0], place)
        case inspect.LiteralType(values=values):
            return list(values)
        case inspect.BoolType():
            return [True, False]
        case inspect.IntType(ge=least):
            return [max(1, least or 0)]
        case inspect.DateTimeType():
            return [START.isoformat()]
        case inspect.DateType():
            return [START.date().isoformat()]
    raise TypeError(f"{place}: no value of {info} is known; give its Meta examples=[...]")


def _look(
    connection: Any, runtime: Runtime, route: QueryEndpoint, given: Mapping[str, Any]
) -> tuple[list[str], set[tuple[str, str]]]:
    """Return the statements that a list sends, and the indexes that the server considers for them, by table."""
    cursor = Recorder(connection)
    route.run(_call(runtime, route, msgspec.convert(given, route.parameters, strict=False)), cursor)
    texts, indexes = [], set()
    for text, statement in cursor.statements:
        texts.append(" ".join(text.split()))
        with connection.cursor(DictCursor) as explaining:
            explaining.execute(f"EXPLAIN {statement}")
            for step in explaining.fetchall():
                # The key that the server chooses does not count: by its statistics, it may serve only the sort.
                indexes |= {(step["table"], name) for name in (step["possible_keys"] or "").split(",") if name}
    return texts, indexes


def _call(runtime: Runtime, route: QueryEndpoint, parameters: Any) -> Call[Any]:
    segments = zip(route.path.split("/"), path_of(route).split("/"), strict=True)
    request = Request(
        method="GET",
        route=route.path,
        path=path_of(route),
        base="",
        path_parameters={name[1:-1]: value for name, value in segments if name.startswith("{")},
        query={},
        headers={},
        body=b"",
        authorizer={},
        now=datetime(2026, 11, 25, tzinfo=UTC),
        correlation_id="test",
    )
    role = next(role for role, access in runtime.permissions.table[route.name].items() if access is Access.ALL)
    return Call(route.name, request, runtime, Principal("somebody", role), Access.ALL, parameters)
