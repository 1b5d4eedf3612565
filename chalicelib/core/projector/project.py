"""Projects a batch of stream records into the read model: the entry point of the projector."""

import gc
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import msgspec

from chalicelib.core.projector import heartbeats
from chalicelib.core.projector.applying import Applier
from chalicelib.core.projector.compaction import by_aggregate
from chalicelib.core.projector.isolation import Isolation
from chalicelib.core.projector.setting_aside import NotStored, SettingAside
from chalicelib.core.projector.traces import Traces
from chalicelib.core.projector.transaction import Work
from chalicelib.core.projector.writer import Attempts, Writer
from chalicelib.core.service import HEARTBEAT_ID, Service
from chalicelib.core.streams.batches import GaveUp
from chalicelib.core.streams.dead_letters import DeadLetters
from chalicelib.core.streams.poison import OF_THE_PROCESS, Poisonous
from chalicelib.core.streams.records import (
    CommitRecord,
    HeartbeatRecord,
    RawRecord,
    RecordSource,
    UnreadableRecord,
    correlation_of,
    read,
    sources,
    waits_for_deployment,
)
from chalicelib.core.telemetry import log, tracing
from chalicelib.core.telemetry.error_text import error_text
from chalicelib.core.times import utc_now

# Records a transaction: long enough that its fixed cost does not count, short enough that others
# do not wait long for its locks.
CHUNK = 1000
# With more of them than this, a chunk's line names none.
MAX_CORRELATIONS = 20


class ProjectorDeps(msgspec.Struct, frozen=True):
    """The dependencies of the projector.

    Attributes:
        writer: the connections to the writer, kept between invocations.
        dead_letters: where poison records are set aside.
        remaining_ms: milliseconds until the function is ended.
        sleep: waits that many seconds.
        now: the present time, naive and UTC.
        deployment: TABLE_PREFIX, by which metrics are told apart.
    """

    writer: Writer
    dead_letters: DeadLetters
    remaining_ms: Callable[[], float]
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = utc_now
    deployment: str = ""


def project(records: Iterable[RawRecord], services: Mapping[str, Service], deps: ProjectorDeps) -> list[str]:
    """Bring the read model up to date with a batch of stream records.

    Args:
        records: records of one stream in its order, as Lambda delivers them.
        services: services by the name of their DynamoDB table.
        deps: connections, dead letters and the clock.

    Returns:
        The sequence number of the first record that is not done, from which Lambda must retry; or an empty list.

    Raises:
        UnknownStream: a record's table has no service.
    """
    done: set[int] = set()
    for chunk in _chunks(sources(records, services)):
        with _garbage_later():
            done |= _done(chunk, deps)
        missing = [source for source in chunk if source.position not in done]
        if missing:
            return [missing[0].sequence]
    return []


@contextmanager
def _garbage_later() -> Iterator[None]:
    """Without collections of cyclic garbage, of which a chunk makes next to none.

    Its records and rows are a hundred thousand objects, which the collector would visit several times.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _done(chunk: Sequence[RecordSource], deps: ProjectorDeps) -> set[int]:
    """The positions of the records of a chunk that are done; logs the result."""
    name = chunk[0].service.name
    ids = _correlations(chunk)
    several = {"correlation_ids": ids} if len(ids) > 1 else {}
    with (
        log.about(correlation_id=ids[0] if len(ids) == 1 else ""),
        log.counting("projector: batch", {"Deployment": deps.deployment, "Service": name}, **several),
        tracing.subsegment(f"project.{name}"),
    ):
        return set(_Chunk(chunk, deps).run())


def _correlations(chunk: Iterable[RecordSource]) -> list[str]:
    """The correlation ids of a chunk's commits, sorted; none where they are more than MAX_CORRELATIONS."""
    ids: set[str] = set()
    for source in chunk:
        if source.id != HEARTBEAT_ID:
            ids.add(correlation_of(source))
            if len(ids) > MAX_CORRELATIONS:
                return []
    return sorted(ids)


def _chunks(found: Sequence[RecordSource]) -> Iterator[list[RecordSource]]:
    """Consecutive records of one service, at most CHUNK of them."""
    chunk: list[RecordSource] = []
    for source in found:
        if chunk and (len(chunk) == CHUNK or source.service is not chunk[0].service):
            yield chunk
            chunk = []
        chunk.append(source)
    if chunk:
        yield chunk


class _Chunk:
    """A part of a batch: one transaction, unless something in it is refused."""

    def __init__(self, found: Sequence[RecordSource], deps: ProjectorDeps) -> None:
        self._sources = found
        self._beats = {source.position: read(source) for source in found if source.id == HEARTBEAT_ID}
        self._service = found[0].service
        self._now = deps.now
        self._traces = Traces(self._service.name)
        attempts = Attempts(deps.writer, deps.remaining_ms, deps.sleep)
        self._apply = Applier(self._service, attempts, self._traces)
        self._set_aside = SettingAside(deps.dead_letters, deps.now)
        self._isolation = Isolation(self._service, self._apply, self._set_aside)

    def run(self) -> Iterator[int]:
        """Yield the positions of the records that are done."""
        done: set[int] = set()
        try:
            for entry in self._changes():
                position = entry.source.position
                if isinstance(entry, CommitRecord) and entry.head.trace:
                    self._traces.done(entry, failed=position in self._set_aside.positions)
                done.add(position)
                yield position
            for beat in self._beat(self._due(done)):
                yield beat.source.position
        except (GaveUp, *OF_THE_PROCESS) as error:
            log.warning(
                "projector: batch failed, it will be delivered again",
                service=self._service.name,
                error=error_text(error),
            )

    def _changes(self) -> Iterator[CommitRecord | UnreadableRecord]:
        """Apply all records except heartbeats. Yields those that are done."""
        groups = by_aggregate((each for each in self._sources if each.id != HEARTBEAT_ID), self._service)
        if groups:  # a chunk with only a heartbeat is not logged
            log.count("BatchRecords", len(self._sources) - len(self._beats))
            yield from self._isolation.apply(groups)
            log.count("RecordsCompacted", sum(max(0, len(found.commits) - 1) for found in groups))
        beats = [beat for beat in self._beats.values() if isinstance(beat, UnreadableRecord)]
        unreadable = [*beats, *(entry for found in groups for entry in found.unreadable)]
        for entry in sorted(unreadable, key=lambda entry: entry.source.position):
            yield from self._unreadable(entry)

    def _unreadable(self, entry: UnreadableRecord) -> Iterator[UnreadableRecord]:
        if waits_for_deployment(entry.source, entry.error, self._now()):
            log.warning("projector: record waits for a newer release", error=error_text(entry.error))
            return
        try:
            self._set_aside(entry, entry.error)
        except NotStored:
            return
        yield entry

    def _due(self, done: Container[int]) -> list[HeartbeatRecord]:
        """The heartbeats whose preceding records are all done: a heartbeat states that all before it is applied."""
        due: list[HeartbeatRecord] = []
        for source in self._sources:
            beat = self._beats.get(source.position)
            if isinstance(beat, HeartbeatRecord):
                due.append(beat)
            elif source.position not in done:
                break
        return due

    def _beat(self, beats: Sequence[HeartbeatRecord]) -> Sequence[HeartbeatRecord]:
        """Write the newest heartbeat."""
        if not beats:
            return ()
        try:
            self._apply(Work(heartbeats=heartbeats.rows(beats, self._now())))
        except Poisonous as error:
            log.warning("projector: heartbeat refused", service=self._service.name, error=error_text(error))
        return beats
