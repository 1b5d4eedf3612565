"""A projection puts a state's values into the right columns: a column with the name of a field has its value."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import inspect
from msgspec.structs import asdict

from chalicelib.core.service import Aggregate, Head, Projection, Row, Service
from chalicelib.core.times import iso, to_utc
from tests.support.checks.made import START, StateMaker, fields_of


def value_faults(service: Service) -> list[str]:
    """Return where a row and the state differ under the same name, for states whose values all differ."""
    return [
        fault
        for kind in service.aggregates
        if kind.projected
        for projection in service.projections.values()
        for fault in _faults(kind, projection)
    ]


def _faults(kind: Aggregate, projection: Projection) -> Iterator[str]:
    head = _head(kind, projection)
    try:
        rows = projection.rows(head)
    except Exception as error:
        yield f"{projection.root.name}: the projection of a {kind.name} made up from its types raises {error!r}"
        return
    known = {"id": head.id, "version": head.version, **head.state}
    yield from _row_faults(projection.root.name, rows.root, known)
    for name, children in rows.children.items():
        for row in children:
            yield from _row_faults(name, row, _of_elements(head.state))


def _row_faults(table: str, row: Row, known: Mapping[str, Any]) -> Iterator[str]:
    for name, value in asdict(row).items():
        if name in known and not isinstance(known[name], dict | list):
            meant = to_utc(known[name]) if isinstance(value, datetime) else known[name]
            if value != meant:
                yield f"{table}.{name} holds {value!r}, and the state's {name} is {meant!r}"


def _of_elements(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the elements of the state's lists. Each list has one element."""
    found: dict[str, Any] = {}
    for value in state.values():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            found |= value[0]
    return found


def _head(kind: Aggregate, projection: Projection) -> Head:
    times = frozenset(
        field.name
        for table in projection.tables
        for field in fields_of(table.row)
        if isinstance(field.kind, inspect.DateTimeType)
    )
    state: type[msgspec.Struct] = kind.state
    return Head(
        id=f"{kind.prefix}id",
        version=7,
        state=StateMaker(times).state(state),
        events=[],
        commit="commit",
        actor="actor",
        command="command",
        at=iso(START),
    )
