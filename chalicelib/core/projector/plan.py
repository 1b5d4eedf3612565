"""Compaction: of each aggregate in a batch the newest state alone becomes rows, and those are planned here."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from chalicelib.core.projector import timeline
from chalicelib.core.service import ChildRows, Head, Projection, Row, Service
from chalicelib.core.streams.records import Commit


class Plan(NamedTuple):
    """The rows that one head becomes.

    Attributes:
        key: the root row's key.
        version: the root row's version.
        root: the root row.
        children: the child rows.
    """

    key: str
    version: int
    root: Row
    children: ChildRows


class Group(NamedTuple):
    """All records of one aggregate in a part of a batch, and what they become.

    Attributes:
        commits: in the order of their versions.
        plans: of the newest of them, by the projections' generations; none where the aggregate is not shown.
        faults: why there is none of a projection, by its generation. Only that of a projection whose tables are written
            counts: the code may hold one that is not in use yet, or no more.
        timeline: a row of each; none where one cannot be made, which is a fault of every generation.
    """

    commits: Sequence[Commit]
    plans: Mapping[int, Plan] = MappingProxyType({})
    faults: Mapping[int, Exception] = MappingProxyType({})
    timeline: Sequence[Row] = ()


def group(commits: Iterable[Commit], service: Service) -> list[Group]:
    """The records of a service by aggregate, in the order in which each aggregate first appears."""
    by_id: dict[str, list[Commit]] = {}
    for commit in commits:
        by_id.setdefault(commit.head.id, []).append(commit)
    return [_planned(sorted(found, key=_version) if len(found) > 1 else found, service) for found in by_id.values()]


def plan(head: Head, service: Service, projection: Projection) -> Plan | None:
    """The rows of a head, by one of its service's projections; None where its kind of aggregate has none.

    Raises:
        UnknownAggregate: no kind of aggregate of the service has such an id.
        Exception: whatever the projection raises of a state that it cannot read.
    """
    if not service.projects(head.id):
        return None
    rows = projection.rows(head)
    (key,) = projection.root.key_of(rows.root)
    return Plan(key, head.version, rows.root, rows.children)


def _planned(commits: list[Commit], service: Service) -> Group:
    try:
        lines = [timeline.row(service.name, commit.head) for commit in commits]
    except Exception as error:  # whatever the conversion of a time or an event raises
        return Group(commits, faults=dict.fromkeys(service.projections, error))
    plans: dict[int, Plan] = {}
    faults: dict[int, Exception] = {}
    for generation, projection in service.projections.items():
        try:
            rows = plan(commits[-1].head, service, projection)
        except Exception as error:  # a projection may raise anything of a state that it cannot read
            faults[generation] = error
        else:
            if rows:
                plans[generation] = rows
    return Group(commits, plans, faults, lines)


def _version(commit: Commit) -> int:
    return commit.head.version
