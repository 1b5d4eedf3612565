"""Stored states and events as JSON Schema documents."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from chalicelib.core.decider import Event
from chalicelib.core.service import AnyAggregate, Service

Schema = Mapping[str, Any]
_DEFINITIONS = "#/$defs/"
_PROSE = ("title", "description", "examples")


class Stored(NamedTuple):
    """A state or an event as it is stored.

    Attributes:
        service: the name of its service.
        aggregate: the name of its kind of aggregate.
        event: the type of the event, as it is stored; "" for the state.
        version: the version of the schema that this release writes.
        schema: the JSON Schema.
    """

    service: str
    aggregate: str
    event: str
    version: int
    schema: Schema

    def path(self, version: int) -> str:
        """Return the path of the file of a version, below the repository's root."""
        name = re.sub(r"\W+", "_", self.aggregate) + (f".{self.event}" if self.event else "")
        return f"schema/{self.service}/{name}.{version}.json"


def stored(services: Iterable[Service]) -> Iterator[Stored]:
    """Return everything that the services' aggregates store."""
    for service in services:
        for kind in service.aggregates:
            yield Stored(service.name, kind.name, "", kind.schema_version, _of_state(kind))
            for event in kind.event_types:
                type = tag_of(event)
                yield Stored(service.name, kind.name, type, kind.event_schema_version(type), _of_event(event))


def tag_of(event: type[Event]) -> str:
    """Return an event's type as it is stored: the class's tag if it has one, else the class's name."""
    return str(event.__struct_config__.tag)


def _of_state(kind: AnyAggregate) -> Schema:
    """Return a state without `deleted`, which is an attribute of the item."""
    return schema_of(kind.state, without={"deleted"})


def _of_event(event: type[Event]) -> Schema:
    """Return an event's data, without its type, which is stored beside them, and without fields that the state has."""
    return schema_of(event, without={"type", *event.held_by_state})


def schema_of(kind: type[msgspec.Struct], without: set[str]) -> Schema:
    """Return the schema of a struct: its own fields at the top, the types that they refer to in `$defs`.

    Args:
        kind: the struct.
        without: the fields that are stored elsewhere, or not at all.
    """
    (own,), definitions = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    plain = {name: _without_prose(schema) for name, schema in definitions.items()}
    root = plain[own["$ref"].removeprefix(_DEFINITIONS)]
    properties = {name: schema for name, schema in root["properties"].items() if name not in without}
    required = [name for name in root["required"] if name not in without]
    used = sorted(_used(properties, plain, set()))
    definitions = {"$defs": {name: plain[name] for name in used}} if used else {}
    return {**root, "properties": properties, "required": required, **definitions}


def _used(schema: Any, definitions: Schema, found: set[str]) -> set[str]:
    """Return the names of the definitions that a schema refers to, directly or through others."""
    if isinstance(schema, list):
        for each in schema:
            _used(each, definitions, found)
    if isinstance(schema, dict):
        name = str(schema.get("$ref", "")).removeprefix(_DEFINITIONS)
        if name in definitions and name not in found:
            found.add(name)
            _used(definitions[name], definitions, found)
        for each in schema.values():
            _used(each, definitions, found)
    return found


def _without_prose(schema: Any) -> Any:
    """Return a schema without its titles and descriptions, so that a new docstring is not a change."""
    if isinstance(schema, list):
        return [_without_prose(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {field: _without_prose(each) for field, each in value.items()}
        if name == "properties"
        else value
        if name in ("default", "enum", "const")
        else _without_prose(value)
        for name, value in schema.items()
        if name not in _PROSE
    }
