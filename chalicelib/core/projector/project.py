"""From a batch of stream records to the read model: the projector's entry."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.core import log
from chalicelib.core.projector import heartbeats
from chalicelib.core.projector.failures import GaveUp, Poisonous
from chalicelib.core.projector.plan import group
from chalicelib.core.projector.setting_aside import Isolation, NotStored
from chalicelib.core.projector.transaction import Work, write
from chalicelib.core.projector.writer import Attempts, Writer
from chalicelib.core.service import Service
from chalicelib.core.streams.dead_letters import DeadLetters
from chalicelib.core.streams.records import Commit, Entry, Heartbeat, RawRecord, Unreadable, parse
from chalicelib.core.times import utc_now

# Records a transaction: long enough that its fixed cost does not count, short enough that others
# do not wait long for its locks.
CHUNK = 1000


@dataclass(frozen=True)
class Deps:
    """What the projector works with.

    Attributes:
        writer: the connections to the writer, kept between invocations.
        dead_letters: where poison records are set aside.
        remaining_ms: milliseconds until the function is ended.
        sleep: waits that many seconds.
        now: the present time, naive and UTC.
    """

    writer: Writer
    dead_letters: DeadLetters
    remaining_ms: Callable[[], float]
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = utc_now


def project(records: Iterable[RawRecord], services: Mapping[str, Service], deps: Deps) -> list[str]:
    """Bring the read model up to date with a batch of stream records.

    Args:
        records: as Lambda delivers them, of one stream in its order.
        services: by the name of their DynamoDB table.
        deps: connections, dead letters and the clock.

    Returns:
        The sequence number of the first record that is not done, from which the batch must come again; or nothing.

    Raises:
        UnknownStream: a record's table has no service.
    """
    entries = parse(records, services)
    done: set[int] = set()
    for chunk in _chunks(entries):
        done.update(_Chunk(chunk, deps).run())
        missing = [entry.source for entry in chunk if entry.source.position not in done]
        if missing:
            return [missing[0].sequence]
    return []


def _chunks(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Consecutive records of one service, at most CHUNK of them."""
    chunk: list[Entry] = []
    for entry in entries:
        if chunk and (len(chunk) == CHUNK or entry.source.service is not chunk[0].source.service):
            yield chunk
            chunk = []
        chunk.append(entry)
    if chunk:
        yield chunk


class _Chunk:
    """A part of a batch: one transaction, unless something in it is refused."""

    def __init__(self, entries: Sequence[Entry], deps: Deps) -> None:
        self._entries = entries
        self._service = entries[0].source.service
        self._attempts = Attempts(deps.writer, deps.remaining_ms, deps.sleep, deps.now)
        self._isolation = Isolation(self._service, self._apply, deps.dead_letters, self._attempts)
        self._now = deps.now
        self._written = self._stale = 0

    def run(self) -> Iterator[int]:
        """Yield the positions of the records that are done."""
        start = time.perf_counter()
        try:
            for entry in self._run():
                yield entry.source.position
        except GaveUp as error:
            log.warning("projector: gave up for now", service=self._service.name, error=str(error))
        log.info(
            "projector: batch",
            service=self._service.name,
            records=len(self._entries),
            written=self._written,
            stale=self._stale,
            set_aside=self._isolation.set_aside_count,
            milliseconds=round((time.perf_counter() - start) * 1000),
        )

    def _run(self) -> Iterator[Entry]:
        groups = group((entry for entry in self._entries if isinstance(entry, Commit)), self._service)
        sound = [found for found in groups if not found.fault]
        beats = [entry for entry in self._entries if isinstance(entry, Heartbeat)]
        if sound:
            yield from self._isolation.apply(sound)
        for found in groups:
            if found.fault:
                yield from self._isolation.apply_singly(found, found.fault)
        for entry in self._entries:
            if isinstance(entry, Unreadable):
                yield from self._unreadable(entry)
        if beats:
            yield from self._beat(beats)

    def _unreadable(self, entry: Unreadable) -> Iterator[Entry]:
        try:
            self._isolation.set_aside(entry, entry.error)
        except NotStored:
            return
        yield entry

    def _beat(self, beats: Sequence[Heartbeat]) -> Iterator[Entry]:
        """Note the newest heartbeat, last: it says that all before it is applied."""
        try:
            self._apply(Work(heartbeats=heartbeats.rows(beats, self._now())))
        except Poisonous as error:
            log.warning("projector: heartbeat refused", service=self._service.name, error=str(error))
        yield from beats

    def _apply(self, work: Work) -> None:
        written = self._attempts.run(lambda connection: write(connection, self._service, work))
        self._written += written.fresh
        self._stale += written.stale
