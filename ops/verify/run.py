"""A whole verification: every service in both directions, then the summaries. It runs in parallel."""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.core.dynamodb.store import MAX_BATCH_GET
from chalicelib.core.projector.writer import Attempts, Writer
from chalicelib.core.service import Projection, Service
from ops.phases import Advance, Phase
from ops.verify.drift import Drift, DriftKind
from ops.verify.looks import Comparison
from ops.verify.meant import still_meant
from ops.verify.repair import Repair
from ops.verify.sides import Items, ReadRows, with_rows
from ops.verify.sums import Wrong, wrong_rows

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

# The number of differing sums that one second look covers.
_SUMS_AT_ONCE = 100
_MOST_EXAMPLES = 100

Connect = Callable[[], "Connection[Cursor]"]


@dataclass(frozen=True)
class VerifyOptions:
    """The options of a verification.

    Attributes:
        repair: whether to repair differences.
        settle_seconds: how long the read model may take to catch up before a difference counts.
        segments: the number of threads, each with a connection.
    """

    repair: bool = False
    settle_seconds: float = 5.0
    segments: int = 4


@dataclass
class VerifyReport:
    """The result of a verification.

    Attributes:
        items: the number of items that were compared with their rows.
        rows: the number of rows whose items were looked up.
        counts: the number of differences, by kind.
        found: the same, by service.
        mended: the number of differences that were repaired, by service.
        repaired: the number of differences that were repaired.
        examples: the first hundred differences.
        rebuilt: services whose tables a rebuild swapped for those of another generation meanwhile, so that the result
            says nothing about the tables in use.
        seconds: the time that it took.
        repair: whether repairs were tried.
    """

    items: int = 0
    rows: int = 0
    counts: Counter[DriftKind] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    mended: Counter[str] = field(default_factory=Counter)
    repaired: int = 0
    examples: list[Drift] = field(default_factory=list)
    rebuilt: list[str] = field(default_factory=list)
    seconds: float = 0.0
    repair: bool = False

    @property
    def left(self) -> int:
        """The number of remaining differences."""
        return self.counts.total() - self.repaired

    def add(self, drift: Drift) -> None:
        """Count a difference."""
        self.counts[drift.kind] += 1
        self.found[drift.service] += 1
        self.mended[drift.service] += drift.repaired
        self.repaired += drift.repaired
        if len(self.examples) < _MOST_EXAMPLES or (not drift.repaired and self.left == 1):
            self.examples.append(drift)


class Target(NamedTuple):
    """A service to verify.

    Attributes:
        service: the service.
        table: its DynamoDB table.
        projection: the projection whose tables are compared.
    """

    service: Service
    table: str
    projection: Projection


def verify(
    targets: Iterable[Target],
    dynamodb: "DynamoDBClient",
    connect: Connect,
    options: VerifyOptions,
    *,
    phase: Phase,
    on_drift: Callable[[Drift], None] = lambda _: None,
) -> VerifyReport:
    """Compare the read model with the write model, both ways, and the summaries with their sums.

    Args:
        targets: the services, and which of their tables to compare.
        dynamodb: a DynamoDB client.
        connect: opens a connection to the read model's writer, on which a statement may take long.
        options: the options.
        phase: shows the progress of each phase: (name, number of items or None) -> context of `advance`.
        on_drift: called with each difference, after it was repaired or left, by one thread at a time.

    Raises:
        Exception: one of the sides cannot be read.
    """
    report, begun, lock = VerifyReport(repair=options.repair), time.monotonic(), threading.Lock()

    def note(drift: Drift) -> None:
        with lock:
            report.add(drift)
            on_drift(drift)

    for service, table, projection in targets:
        items = Items(dynamodb, table, with_rows(service))
        one = _One(service, projection, items, connect, options)
        with phase(f"{service.name}: items", items.count()) as advance:
            report.items += one.run(one.items_against_rows(), note, advance)
        with phase(f"{service.name}: rows", None) as advance:
            report.rows += one.run(one.rows_against_items(), note, advance)
        if projection.summaries:
            with phase(f"{service.name}: summaries", len(projection.summaries)) as advance:
                one.run(one.summaries(), note, advance)
        if one.rebuilt():
            report.rebuilt.append(service.name)
    report.seconds = time.monotonic() - begun
    return report


Task = Callable[[Advance], Iterator[Drift]]


class _One:
    """The verification of one service."""

    def __init__(
        self, service: Service, projection: Projection, items: Items, connect: Connect, options: VerifyOptions
    ) -> None:
        self._service = service
        self._projection = projection
        self._connect = connect
        self._writer = writer = Writer(connect)
        self._options = options
        self._rows = ReadRows(writer, projection)
        self._comparison = Comparison(service, projection, items, self._rows, options.settle_seconds)
        self._repair = Repair(service, projection, items, Attempts(writer, lambda: math.inf))

    def run(self, tasks: Sequence[Task], note: Callable[[Drift], None], advance: Advance) -> int:
        """Run tasks in threads. Returns the sum of their progress."""
        done, lock = 0, threading.Lock()

        def count(by: int = 1, /) -> None:
            nonlocal done
            with lock:
                done += by
            advance(by)

        def work(task: Task) -> None:
            try:
                for drift in task(count):
                    note(drift)
            finally:
                self._writer.close()

        with ThreadPoolExecutor(max(1, len(tasks)), thread_name_prefix="verify") as threads:
            _raise_first([threads.submit(work, task) for task in tasks])
        return done

    def items_against_rows(self) -> list[Task]:
        """A task for each segment of the scan."""
        segments = self._options.segments

        def task(segment: int) -> Task:
            return lambda advance: self._settled(self._comparison.items_against_rows(segment, segments, advance))

        return [task(segment) for segment in range(segments)]

    def rows_against_items(self) -> list[Task]:
        """Tasks that share the pages of keys between them."""
        pages = _Shared(part for page in self._rows.pages() for part in _parts(page))
        tasks: list[Task] = [
            lambda advance: self._settled(self._comparison.rows_against_items(iter(pages), advance))
            for _ in range(self._options.segments)
        ]
        if self._projection.children:
            tasks.append(
                lambda _: self._settled(self._comparison.rows_against_items(self._rows.orphans(), lambda _: None))
            )
        return tasks

    def rebuilt(self) -> bool:
        """Whether a rebuild has replaced the tables that were compared."""
        connection = self._connect()
        try:
            return not still_meant(connection, self._service.name, self._projection)
        finally:
            connection._force_close()  # type: ignore[attr-defined]  # not in the stubs

    def summaries(self) -> list[Task]:
        """A single task, since one sum at a time keeps the server busy enough."""
        return [self._summaries]

    def _summaries(self, advance: Advance) -> Iterator[Drift]:
        for summary in self._projection.summaries:
            suspects: list[Wrong] = []
            connection = self._connect()
            try:
                for wrong in wrong_rows(connection, self._projection, summary):
                    suspects.append(wrong)
                    if len(suspects) == _SUMS_AT_ONCE:
                        yield from self._wrong_still(suspects)
                        suspects = []
            finally:
                connection._force_close()  # type: ignore[attr-defined]  # not in the stubs; no waiting for the rest
            yield from self._wrong_still(suspects)
            advance(1)

    def _wrong_still(self, suspects: Sequence[Wrong]) -> Iterator[Drift]:
        """The rows of a summary that still differ at a second look."""
        if not suspects:
            return
        summary = suspects[0].summary
        keys = [wrong.key for wrong in suspects]
        for wrong in list(wrong_rows(self._writer.connection(), self._projection, summary, keys)):
            key = "/".join(map(str, wrong.key))
            drift = Drift(self._service.name, summary.table.physical_name, key, DriftKind.SUM, str(wrong))
            yield drift._replace(outcome=self._repair.summary(wrong)) if self._options.repair else drift

    def _settled(self, found: Iterator[Drift]) -> Iterator[Drift]:
        """The difference, after a repair if that is wanted."""
        return (self._repair.aggregate(drift) for drift in found) if self._options.repair else found


class _Shared:
    """Lets several threads share one iterator. Each element goes to one of them."""

    def __init__(self, source: Iterator[list[str]]) -> None:
        self._source = source
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[list[str]]:
        while True:
            with self._lock:
                page = next(self._source, None)
            if page is None:
                return
            yield page


def _parts(page: list[str]) -> Iterator[list[str]]:
    """Parts of as many keys as one BatchGetItem accepts."""
    return (page[start : start + MAX_BATCH_GET] for start in range(0, len(page), MAX_BATCH_GET))


def _raise_first(futures: Iterable[Future[None]]) -> None:
    for future in futures:
        future.result()
