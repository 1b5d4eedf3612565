"""The steps of a rebuild, in sequence, and the step at which a resumed one continues."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.core.mysql.connections import is_lost
from chalicelib.core.projector.failures import NotConnected
from chalicelib.core.projector.generations import NEXT
from chalicelib.core.projector.writer import Attempts, Writer
from chalicelib.core.service import Service
from ops.failing import OpsError
from ops.phases import Advance, Phase
from ops.rebuild import tables
from ops.rebuild.control import SILENCE_SECONDS, Control, alone
from ops.rebuild.scan import RebuildScan, RefusedItem
from ops.verify import Drift, Target, VerifyOptions, verify
from ops.verify.run import Connect
from ops.verify.sides import Items, with_rows

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

_SWAP_TRIES = 150


@dataclass(frozen=True)
class RebuildJob:
    """The services to rebuild, and the means.

    Attributes:
        services: the services whose tables are rebuilt.
        table_of: service -> its DynamoDB table.
        dynamodb: a DynamoDB client.
        connect: opens a connection to the writer, on which a statement may take long.
        segments: the number of table segments to read at once.
        settle_seconds: how long the read model may take to catch up before a difference counts.
        silence_seconds: how long the connection that holds the lock may be silent.
        phase: shows the progress of each phase.
        sleep: waits for a number of seconds.
    """

    services: Sequence[Service]
    table_of: Callable[[str], str]
    dynamodb: "DynamoDBClient"
    connect: Connect
    phase: Phase
    segments: int = 4
    settle_seconds: float = 5.0
    silence_seconds: float = SILENCE_SECONDS
    sleep: Callable[[float], None] = time.sleep

    def items(self, service: Service) -> Items:
        """The items of a service."""
        return Items(self.dynamodb, self.table_of(service.name), with_rows(service))


class RebuildResult(NamedTuple):
    """The result of a rebuild.

    Attributes:
        services: the rebuilt services.
        items: the number of items that this run copied.
        seconds: the time that this run took.
        refused: items of which no rows can be made; () if the tables were swapped.
        drift: differences in the new tables; () if they were swapped.
    """

    services: Sequence[str]
    items: int = 0
    seconds: float = 0.0
    refused: Sequence[RefusedItem] = ()
    drift: Sequence[Drift] = ()

    @property
    def swapped(self) -> bool:
        """Whether the new tables are in use."""
        return not (self.refused or self.drift)


def rebuild(job: RebuildJob, *, resume: bool = False) -> RebuildResult:
    """Rebuild the tables of services, or resume a rebuild that was stopped.

    Raises:
        OpsError: a rebuild has to be resumed first, or there is none to resume; another one is running; or the
            connection to the read model was lost.
    """
    with _alone(job) as (control, connection):
        return _Rebuild(job, control, connection).run(resume=resume)


def abandon(job: RebuildJob) -> list[str]:
    """Drop a rebuild that was stopped. Returns its services.

    Raises:
        OpsError: the rebuild is running, or the connection to the read model was lost.
    """
    with _alone(job) as (_, connection):
        names = tables.building(connection)
        if names:
            tables.abandon(connection, [service for service in job.services if service.name in names])
        return names


@contextmanager
def _alone(job: RebuildJob) -> Iterator[tuple[Control, "Connection[Cursor]"]]:
    """Hold the lock. A connection that is lost within the block leaves a rebuild that can be resumed."""
    connection = job.connect()
    try:
        with alone(connection, job.silence_seconds) as control:
            tables.may_change(connection)
            yield control, connection
    except Exception as error:
        if not (is_lost(error) or isinstance(error, NotConnected)):
            raise
        raise OpsError(
            f"The connection to the read model was lost: {error}",
            "Completed work is kept. `python -m ops rebuild --resume` continues it, --abandon drops it.",
        ) from error
    finally:
        connection._force_close()  # type: ignore[attr-defined]  # not in the stubs


class _Rebuild:
    def __init__(self, job: RebuildJob, control: Control, connection: "Connection[Cursor]") -> None:
        self._job = job
        self._control = control
        self._connection = connection
        self._begun = time.monotonic()

    def run(self, *, resume: bool) -> RebuildResult:
        """Run all steps, or the remaining ones."""
        if tables.is_swapped(self._connection):  # nothing is left but to clean up
            tables.clean_up(self._connection)
            if resume:
                return self._outcome(self._job.services)
        begun = tables.building(self._connection)
        if resume and not begun:
            raise OpsError("There is no rebuild to resume.", "`python -m ops rebuild` begins one.")
        if begun and not resume:
            raise OpsError(
                f"A rebuild of {', '.join(begun)} was begun and has not ended.",
                "`python -m ops rebuild --resume` continues it, --abandon drops it.",
            )
        services = [service for service in self._job.services if not begun or service.name in begun]
        if not begun:
            expected = {service.name: self._job.items(service).count() for service in services}
            tables.begin(self._connection, services, self._job.segments, expected)
        return self._fill_and_swap(services, resume=resume)

    def _fill_and_swap(self, services: Sequence[Service], *, resume: bool) -> RebuildResult:
        refused: list[RefusedItem] = []
        items = sum(self._scan(service, refused) for service in services)
        if refused:
            return self._outcome(services, items, refused=refused)
        self._add_keys(services)
        drift = self._verified(services, repair=resume)
        if drift:
            return self._outcome(services, items, drift=drift)
        self._swap(services)
        tables.clean_up(self._connection)
        return self._outcome(services, items)

    def _add_keys(self, services: Sequence[Service]) -> None:
        """Add the secondary keys to the new tables, over a connection of its own: it may take long."""
        names = [table.name for service in services for table in service.projection.tables]

        def work() -> None:
            connection = self._job.connect()
            try:
                for name in names:
                    tables.add_keys(connection, name)
                    advance(1)
            finally:
                connection._force_close()  # type: ignore[attr-defined]  # not in the stubs

        with self._phase("indexes", len(names)) as advance:
            self._control.attend([work])

    def _scan(self, service: Service, refused: list[RefusedItem]) -> int:
        """Scan the rest of a service's table. Returns the number of items."""
        parts = tables.unfinished(self._connection, service.name)
        writer = Writer(self._job.connect)
        # Wait for a server that is down, but not after the rebuild has ended.
        attempts = Attempts(writer, lambda: 0.0 if self._control.stopping else math.inf)
        scan = RebuildScan(service, self._job.items(service), attempts)
        done: list[int] = []

        def work(progress: tables.Progress) -> None:
            try:
                refused.extend(scan.part(progress, note))
            finally:
                writer.close()

        with self._phase(f"{service.name}: scan", self._job.items(service).count()) as advance:

            def note(count: int) -> None:
                done.append(count)
                advance(count)

            self._control.attend([partial(work, progress) for progress in parts])
        return sum(done)

    @contextmanager
    def _phase(self, what: str, total: int | None) -> Iterator[Advance]:
        """A phase whose threads end at their next step if the rebuild ends."""
        with self._job.phase(what, total) as advance:

            def step(count: int = 1, /) -> None:
                self._control.go_on()
                advance(count)

            yield step

    def _verified(self, services: Sequence[Service], *, repair: bool) -> list[Drift]:
        """The differences in the new tables. Refused items are tried again, since their fault may be fixed."""
        targets = [
            Target(service, self._job.table_of(service.name), service.projection.beside(NEXT)) for service in services
        ]
        options = VerifyOptions(repair=repair, settle_seconds=self._job.settle_seconds, segments=self._job.segments)
        job = self._job
        (report,) = self._control.attend(
            [lambda: verify(targets, job.dynamodb, job.connect, options, phase=self._phase)]
        )
        return [drift for drift in report.examples if not drift.repaired] if report.left else []

    def _swap(self, services: Sequence[Service]) -> None:
        for _ in range(_SWAP_TRIES):
            self._control.check()
            if tables.swap(self._connection, services):
                return
            self._job.sleep(1.0)
        raise OpsError(
            "The tables could not be swapped: transactions that read them never ended in time.",
            "Find them (SHOW PROCESSLIST), then `python -m ops rebuild --resume`.",
        )

    def _outcome(self, services: Sequence[Service], items: int = 0, **found: Any) -> RebuildResult:
        names = [service.name for service in services]
        return RebuildResult(names, items, time.monotonic() - self._begun, **found)
