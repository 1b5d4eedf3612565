"""The folder schema/: the files that it should have, and what a change to a type breaks."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from chalicelib.core.service import Service
from deploy.schemas.compatibility import breaks
from deploy.schemas.documents import Stored, stored, tag_of

FOLDER = "schema"
_FILE = re.compile(r"(?P<name>.+)\.(?P<version>[1-9][0-9]*)\.json")


def made(services: Iterable[Service]) -> Mapping[str, str]:
    """Return the files of the versions that this release writes: path below the repository's root -> text."""
    return {thing.path(thing.version): _text(thing) for thing in stored(services)}


def orphans(root: Path, services: Iterable[Service]) -> list[str]:
    """Return the files of services that no longer exist."""
    names = {service.name for service in services}
    return [path for path in _found(root) if path.split("/")[1] not in names]


def faults(root: Path, services: Sequence[Service]) -> list[str]:
    """Return what this release cannot read of what earlier releases stored, with what to declare, and where."""
    things = list(stored(services))
    return [
        *(fault for service in services for fault in _undeclared(service)),
        *(fault for thing in things for fault in _of(thing, root)),
        *_gone(root, services, things),
    ]


def _of(thing: Stored, root: Path) -> Iterator[str]:
    """Yield the faults of one state's or event's files."""
    for version in range(1, thing.version):
        if not (root / thing.path(version)).exists():
            yield (
                f"{thing.path(version)} is not there, and items of that version may be stored: restore it from"
                f" version control, or take the upcasters out of {_declaration(thing)} if none were."
            )
    if (root / thing.path(thing.version + 1)).exists():
        yield (
            f"{thing.path(thing.version + 1)} says that version {thing.version + 1} is stored, and"
            f" {_declaration(thing)} has no upcaster to it: put it back. If that version was never deployed, delete"
            " the file."
        )
    file = root / thing.path(thing.version)
    if not file.exists():
        return
    try:
        broken = breaks(json.loads(file.read_text(encoding="utf-8")), thing.schema)
    except (ValueError, KeyError, TypeError, AttributeError):
        yield f"{thing.path(thing.version)} cannot be read: restore it from version control."
        return
    if broken:
        told = f"{thing.path(thing.version)} describes what is stored, and the {_words(thing)} can no longer read it:"
        yield "\n".join([told, *(f"  - {each}" for each in broken), *(f"  {line}" for line in _advice(thing))])


def _advice(thing: Stored) -> Sequence[str]:
    function = f"to_version_{thing.version + 1}"
    chain = f"{thing.version}: {function}"
    argument = f'event_upcasters={{"{thing.event}": {{{chain}}}}}' if thing.event else f"upcasters={{{chain}}}"
    if thing.version > 1:
        argument = f"{chain} to the {'event_' if thing.event else ''}upcasters"
    return (
        f"Add {argument} to {_declaration(thing)}.",
        f"{function}(data) returns, from the dict of a stored {_noun(thing)} of version {thing.version}, the dict of"
        " the new one.",
        "A field with a default that is only added needs no upcaster. If the file describes what was never deployed,"
        " restore it from version control, or delete it if it was never committed.",
        "docs/howto-change-a-state.md has an example of each change.",
    )


def _declaration(thing: Stored) -> str:
    return f'Aggregate("{thing.aggregate}", ...) in chalicelib/{thing.service}/service.py'


def _noun(thing: Stored) -> str:
    return "event" if thing.event else "state"


def _words(thing: Stored) -> str:
    return f"event {thing.event} of {thing.aggregate}" if thing.event else f"state of {thing.aggregate}"


def _undeclared(service: Service) -> Iterator[str]:
    """Yield upcasters of unknown events, and aggregates whose events are not known."""
    for kind in service.aggregates:
        declaration = f'Aggregate("{kind.name}", ...) in chalicelib/{service.name}/service.py'
        if not kind.event_types:
            yield (
                f"The events of {kind.name} are not known: annotate the second parameter of the `evolve` in"
                f" {declaration} with their union."
            )
        for name in kind.event_upcasters.keys() - set(map(tag_of, kind.event_types)):
            yield f"{declaration} has upcasters of {name}, which is none of its events: correct the name."


def _gone(root: Path, services: Sequence[Service], things: Sequence[Stored]) -> Iterator[str]:
    """Yield the files of states and events that a service no longer has."""
    names = {service.name for service in services}
    known = {thing.path(0).removesuffix(".0.json") for thing in things}
    for path in _found(root):
        match = _FILE.fullmatch(path)
        if path.split("/")[1] in names and (match is None or match["name"] not in known):
            yield (
                f"{path} describes what is stored, and no state or event of that name is declared. If a class of events"
                ' was renamed, add tag="<its former name>" to it. If nothing of it is stored any more, or nobody needs'
                " to read it, delete the file; the timeline shows such events as they were stored."
            )


def _found(root: Path) -> list[str]:
    return sorted(file.relative_to(root).as_posix() for file in (root / FOLDER).rglob("*.json"))


def _text(thing: Stored) -> str:
    title = f"{thing.service}: {_words(thing)}, version {thing.version}"
    return json.dumps({"title": title, **thing.schema}, indent=2, ensure_ascii=False) + "\n"
