"""Compaction: only the newest state of each aggregate in a batch becomes rows."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from chalicelib.core.projector import timeline
from chalicelib.core.projector.timeline import TimelineRow
from chalicelib.core.service import ChildRows, Head, Projection, Row, Service
from chalicelib.core.streams.poison import OF_THE_PROCESS
from chalicelib.core.streams.records import CommitRecord


class AggregateRows(NamedTuple):
    """The rows of one head.

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


class AggregateRecords(NamedTuple):
    """All records of one aggregate in a part of a batch, and the rows made of them.

    Attributes:
        commits: in the order of their versions.
        rows: of the newest of them, by the projections' generations; none where the aggregate is not shown.
        errors: the error of each projection that made no rows, by its generation. It counts only if tables of that
            generation are written, since the code may have projections that are not in use yet, or no longer.
        timeline: one row for each commit. If one of them cannot be made there are none, and every generation has the
            error.
    """

    commits: Sequence[CommitRecord]
    rows: Mapping[int, AggregateRows] = MappingProxyType({})
    errors: Mapping[int, Exception] = MappingProxyType({})
    timeline: Sequence[TimelineRow] = ()


def by_aggregate(commits: Iterable[CommitRecord], service: Service) -> list[AggregateRecords]:
    """The records of a service by aggregate, in the order in which each aggregate first appears."""
    by_id: dict[str, list[CommitRecord]] = {}
    for commit in commits:
        by_id.setdefault(commit.head.id, []).append(commit)
    return [_with_rows(sorted(found, key=_version) if len(found) > 1 else found, service) for found in by_id.values()]


def rows_of(head: Head, service: Service, projection: Projection) -> AggregateRows | None:
    """The rows of a head, by one of its service's projections; None where its kind of aggregate has none.

    Raises:
        UnknownAggregate: no kind of aggregate of the service has such an id.
        Exception: whatever the projection raises of a state that it cannot read.
    """
    if not service.projects(head.id):
        return None
    rows = projection.rows(head)
    (key,) = projection.root.key_of(rows.root)
    return AggregateRows(key, head.version, rows.root, rows.children)


def _with_rows(commits: list[CommitRecord], service: Service) -> AggregateRecords:
    try:
        lines = [timeline.row(service.name, commit.stored) for commit in commits]
    except OF_THE_PROCESS:
        raise
    except Exception as error:  # whatever the conversion of a time or an event raises
        return AggregateRecords(commits, errors=dict.fromkeys(service.projections, error))
    rows_by_generation: dict[int, AggregateRows] = {}
    errors: dict[int, Exception] = {}
    for generation, projection in service.projections.items():
        try:
            rows = rows_of(commits[-1].head, service, projection)
        except OF_THE_PROCESS:
            raise
        except Exception as error:  # a projection may raise anything of a state that it cannot read
            errors[generation] = error
        else:
            if rows:
                rows_by_generation[generation] = rows
    return AggregateRecords(commits, rows_by_generation, errors, lines)


def _version(commit: CommitRecord) -> int:
    return commit.head.version
