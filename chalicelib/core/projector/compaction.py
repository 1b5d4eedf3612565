"""Compaction: only the newest state of each aggregate in a batch becomes rows."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from chalicelib.core.projector import timeline
from chalicelib.core.projector.timeline import TimelineRow
from chalicelib.core.service import ChildRows, Head, Projection, Row, Service, UnknownAggregate
from chalicelib.core.streams.poison import OF_THE_PROCESS
from chalicelib.core.streams.records import CommitRecord, RecordSource, UnreadableRecord, read, stated_version


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


class Made(NamedTuple):
    """What is to be written for one aggregate.

    Attributes:
        rows: of the newest of its records, by the projections' generations; none where the aggregate is not shown.
        errors: the error of each projection that made no rows, by its generation. It counts only if tables of that
            generation are written, since the code may have projections that are not in use yet, or no longer.
        timeline: one row for each commit. If one of them cannot be made there are none, and every generation has the
            error.
    """

    rows: Mapping[int, AggregateRows] = MappingProxyType({})
    errors: Mapping[int, Exception] = MappingProxyType({})
    timeline: Sequence[TimelineRow] = ()


class AggregateRecords:
    """All records of one aggregate in a part of a batch. They are decoded and projected once, when first asked for.

    Args:
        service: whose aggregate it is.
        id: of the aggregate.
        sources: its records, in the order of the stream.
    """

    __slots__ = ("_decoded", "_made", "_service", "_sources", "id")

    def __init__(self, service: Service, id: str, sources: Sequence[RecordSource]) -> None:
        self.id = id
        self._service = service
        self._sources = sources
        self._decoded: _Decoded | None = None
        self._made: Made | None = None

    @property
    def newest(self) -> int:
        """No record that can be decoded has a higher version."""
        return max(map(stated_version, self._sources))

    @property
    def shown(self) -> bool:
        """Whether the aggregate may have rows."""
        try:
            return self._service.projects(self.id)
        except UnknownAggregate:
            return False

    @property
    def made(self) -> Made:
        """The rows, or why there are none."""
        if self._made is None:
            self._made = _made(self.commits, self._service)
        return self._made

    @property
    def commits(self) -> Sequence[CommitRecord]:
        """The records that can be decoded, in the order of their versions."""
        return self._entries.commits

    @property
    def unreadable(self) -> Sequence[UnreadableRecord]:
        """The others."""
        return self._entries.unreadable

    @property
    def _entries(self) -> "_Decoded":
        if self._decoded is None:
            self._decoded = _decode(self._sources)
        return self._decoded


class _Decoded(NamedTuple):
    """Decoded records of an aggregate."""

    commits: Sequence[CommitRecord]
    unreadable: Sequence[UnreadableRecord]


def _decode(sources: Sequence[RecordSource]) -> _Decoded:
    commits: list[CommitRecord] = []
    unreadable: list[UnreadableRecord] = []
    for source in sources:
        entry = read(source)
        if isinstance(entry, CommitRecord):
            commits.append(entry)
        elif isinstance(entry, UnreadableRecord):
            unreadable.append(entry)
    if len(commits) > 1:
        commits.sort(key=_version)
    return _Decoded(commits, unreadable)


def by_aggregate(sources: Iterable[RecordSource], service: Service) -> list[AggregateRecords]:
    """The records of a service by aggregate, in the order of their ids."""
    by_id: dict[str, list[RecordSource]] = {}
    for source in sources:
        by_id.setdefault(source.id, []).append(source)
    return [AggregateRecords(service, id, found) for id, found in sorted(by_id.items())]


def rows_of(head: Head, service: Service, projection: Projection) -> AggregateRows | None:
    """The rows of a head, by one of its service's projections; None where its kind of aggregate has none.

    Raises:
        UnknownAggregate: no kind of aggregate of the service has such an id.
        ValueError: the root row's key is not the aggregate's id.
        Exception: whatever the projection raises of a state that it cannot read.
    """
    if not service.projects(head.id):
        return None
    rows = projection.rows(head)
    (key,) = projection.root.key_of(rows.root)
    if key != head.id:
        raise ValueError(f"the key of a row of {projection.root.name} is not its aggregate's id")
    return AggregateRows(key, head.version, rows.root, rows.children)


def _made(commits: Sequence[CommitRecord], service: Service) -> Made:
    if not commits:
        return Made()
    try:
        lines = [timeline.row(service.name, commit.stored) for commit in commits]
    except OF_THE_PROCESS:
        raise
    except Exception as error:  # whatever the conversion of a time or an event raises
        return Made(errors=dict.fromkeys(service.projections, error))
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
    return Made(rows_by_generation, errors, lines)


def _version(commit: CommitRecord) -> int:
    return commit.head.version
