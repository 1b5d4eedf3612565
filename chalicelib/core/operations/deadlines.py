"""The scheduled function that keeps the services' deadlines.

    read model: ids that have waited too long -> one command for each -> the head in the write store decides

It alone reads the read model and writes aggregates. What it reads are ids to look at, and never what to write
(docs/adr/0017-deadlines-are-kept-by-a-function-of-their-own.md). Each command is idempotent, so a run may be ended at
any point, and two may overlap.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.core.commands import pipeline
from chalicelib.core.queries.limit import QueryCursor
from chalicelib.core.queries.listing import Sort, SortKey, Where
from chalicelib.core.queries.snapshot import ask
from chalicelib.core.reactor.follow_ups import COMMAND_MARGIN_MS
from chalicelib.core.runtime import Runtime
from chalicelib.core.service import Deadline, Service
from chalicelib.core.settings import BadSettings
from chalicelib.core.telemetry import log, tracing
from chalicelib.core.telemetry.error_text import error_text
from chalicelib.core.times import iso, utc_now

ACTOR = "deadlines"
"""Who did it, in the timeline."""
PAGE = 100


class NotAllDone(Exception):
    """Some commands could not be run. The next run sends them again."""


class _Overdue(NamedTuple):
    """An aggregate that the read model shows as overdue; `since` as MySQL shows it."""

    since: str
    id: str


def keep_deadlines(
    runtime: Runtime, remaining_ms: Callable[[], float], clock: Callable[[], datetime] = utc_now
) -> None:
    """Send the command of every deadline that DEADLINES sets, for all that is overdue, oldest first.

    It stops when the time is short; the next run goes on.

    Args:
        runtime: of this process.
        remaining_ms: milliseconds until the function is ended.
        clock: the present time, naive and UTC.

    Raises:
        BadSettings: DEADLINES names a deadline that no service declares.
        NotAllDone: some commands failed; all others were sent.
        Unavailable: the readers cannot be reached.
        TooCostly: the read model took too long, as it does without an index.
    """
    chosen = _chosen(runtime)
    with tracing.segment("tributary-deadlines"):
        failed = [
            id
            for name, (service, deadline) in chosen.items()
            for id in _Run(runtime, service, deadline, clock() - runtime.settings.deadlines[name], clock).send(
                remaining_ms
            )
        ]
    if failed:
        raise NotAllDone(f"{len(failed)} commands failed, the first of them for {failed[0]}; the log has the reasons")


def _chosen(runtime: Runtime) -> Mapping[str, tuple[Service, Deadline]]:
    """The declared deadlines that have a duration."""
    declared = {
        deadline.name: (service, deadline) for service in runtime.services.values() for deadline in service.deadlines
    }
    if unknown := sorted(set(runtime.settings.deadlines) - set(declared)):
        known = ", ".join(declared) or "none"
        raise BadSettings(f"DEADLINES names {unknown[0]}, which no service declares; the deadlines are: {known}")
    return {name: declared[name] for name in runtime.settings.deadlines}


class _Run:
    """One deadline in one run.

    Args:
        runtime: of this process.
        service: whose aggregates wait.
        deadline: how long they may.
        before: what has waited since before then is overdue; naive and UTC.
        clock: the present time, naive and UTC.
    """

    def __init__(
        self,
        runtime: Runtime,
        service: Service,
        deadline: Deadline,
        before: datetime,
        clock: Callable[[], datetime],
    ) -> None:
        self._runtime = runtime
        self._service = service
        self._deadline = deadline
        self._before = before
        self._clock = clock
        self._store = runtime.store(service.name)

    def send(self, remaining_ms: Callable[[], float]) -> list[str]:
        """Send the commands while there is time. Returns the ids of those that failed."""
        sent, failed = 0, []
        for overdue in self._overdue():
            if remaining_ms() < COMMAND_MARGIN_MS:
                log.warning("deadlines: no time left, the next run goes on", deadline=self._deadline.name)
                break
            sent += 1
            if not self._is_done(overdue.id):
                failed.append(overdue.id)
        if sent:
            log.info("deadlines: run", deadline=self._deadline.name, sent=sent, failed=len(failed))
        return failed

    def _overdue(self) -> Iterator[_Overdue]:
        """What the read model shows, of each status oldest first, read a page at a time."""
        for status in self._deadline.waiting:
            page = self._page(status, None)
            while page:
                yield from page
                page = self._page(status, page[-1]) if len(page) == PAGE else []

    def _page(self, status: str, last: _Overdue | None) -> Sequence[_Overdue]:
        root, deadline = self._service.projection.root, self._deadline
        sort = Sort((SortKey(deadline.since, "since"), SortKey(root.key[0], "id")))
        where = Where("deleted_at IS NULL")
        where.add(f"{deadline.status} = %s", status)
        where.add(f"{deadline.since} < %s", self._before)
        if last:
            where = where.behind(sort, last)
        statement = (
            f"SELECT {deadline.since} AS since, {root.key[0]} AS id FROM {root.name} {where.sql}"  # noqa: S608 - declared
            f" {sort.order_by} LIMIT {PAGE}"
        )

        def read(cursor: QueryCursor) -> Sequence[_Overdue]:
            cursor.execute(statement, where.values)
            return [_Overdue(**row) for row in cursor.fetchall()]

        return ask(self._runtime.readers, (), 0, {}, read, self._runtime.settings.query_seconds)

    def _is_done(self, id: str) -> bool:
        """Send the command for one aggregate, which may find that there is nothing to do. Returns whether it ran."""
        correlation = str(uuid.uuid4())
        with log.about(correlation_id=correlation), tracing.subsegment(self._deadline.name, correlation=correlation):
            try:
                pipeline.run(self._service, self._store, self._envelope(id, correlation), _nothing)
            except Exception as error:
                log.warning("deadlines: not done", deadline=self._deadline.name, of=id, error=error_text(error))
                return False
        return True

    def _envelope(self, id: str, correlation: str) -> pipeline.Envelope:
        return pipeline.Envelope(
            name=self._deadline.name,
            command=self._deadline.command(iso(self._before)),
            ids=(id,),
            actor=ACTOR,
            at=iso(self._clock()),
            clock=self._clock,
            correlation=correlation,
            trace=tracing.header(),
        )


def _nothing(_: pipeline.CommandResult) -> dict[str, Any]:
    """Nobody waits for a response."""
    return {}
