"""A whole erasure: what the read model knows of first, then what a scan of the tables finds, then dead letters."""

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.core.dynamodb.codec import stored_head
from chalicelib.core.projector.writer import Attempts, Writer
from chalicelib.core.runtime import Runtime
from chalicelib.core.service import ITSELF, Service
from chalicelib.core.streams.dead_letters import dead_letters_of
from chalicelib.core.times import iso, utc_now
from ops.erase.commits import erase_aggregate, not_deleted
from ops.erase.finding import (
    Owned,
    PersonScan,
    Scanned,
    Unreadable,
    belongs,
    by_read_model,
    merged,
    personal_kind,
    personal_kinds,
)
from ops.erase.letters import LetterEraser, Swept
from ops.erase.read_model import ReadModel
from ops.erase.remains import Remaining, remaining
from ops.failing import OpsError
from ops.phases import Phase
from ops.rebuild import tables
from ops.rebuild.control import alone
from ops.verify.run import Connect
from ops.verify.sides import Item, Items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_AT_ONCE = 50


@dataclass(frozen=True)
class EraseJob:
    """What an erasure needs.

    Attributes:
        runtime: of the deployment.
        dynamodb: a patient client.
        connect: opens a connection to the writer.
        actor: who erases; the timeline shows it.
        phase: shows the progress of each phase.
        segments: how many parts of a table to read at once.
    """

    runtime: Runtime
    dynamodb: "DynamoDBClient"
    connect: Connect
    actor: str
    phase: Phase
    segments: int = 4


@dataclass
class EraseReport:
    """What an erasure did.

    Attributes:
        aggregates: how many belong to the person, by service.
        committed: how many of them were erased by a commit of this run; the others held nothing personal.
        timeline: how many rows of the timeline were changed.
        claims: how many claims with personal values were removed, beside those that a commit gave back.
        letters: what was done about dead letters.
        remains: what is left, and until when.
        faults: what could not be erased, and why, by service and id.
    """

    aggregates: dict[str, int] = field(default_factory=dict)
    committed: int = 0
    timeline: int = 0
    claims: int = 0
    letters: Swept = field(default_factory=Swept)
    remains: list[Remaining] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)


def erase(job: EraseJob, person: str) -> EraseReport:
    """Erase the personal data of a person.

    Raises:
        OpsError: nothing belongs to such a person, the person is not deleted, a rebuild is under way, or commands keep
            changing an aggregate. What was done stays done.
        Exception: a store cannot be reached. Running it again is safe.
    """
    connection = job.connect()
    try:
        with alone(connection):
            if tables.building(connection) or tables.is_swapped(connection):
                raise OpsError(
                    "A rebuild was begun and not ended; its tables hold personal data too.",
                    "`python -m ops rebuild --resume` ends it, --abandon drops it. Then run this again.",
                )
            return _Erasure(job, person).run()
    finally:
        connection._force_close()  # type: ignore[attr-defined]  # not in the stubs


class _Erasure:
    def __init__(self, job: EraseJob, person: str) -> None:
        self._job = job
        self._person = person
        self._runtime = job.runtime
        self._services = [service for service in job.runtime.services.values() if personal_kinds(service)]
        self._writer = Writer(job.connect)
        self._read_model = ReadModel(job.runtime, Attempts(self._writer, lambda: math.inf))
        self._dead_letters = dead_letters_of(job.runtime)
        self._versions: dict[tuple[str, str], int] = {}
        self._scanned: dict[str, Scanned] = {}
        self._report = EraseReport()

    def run(self) -> EraseReport:
        """All steps, in order."""
        try:
            self._refuse_living()
            self._by_read_model()
            while self._by_scan():
                pass
            if not self._versions and not self._report.faults:
                raise OpsError(
                    f"Nothing belongs to {self._person!r}.",
                    f"Give the id of a person: {', '.join(self._ids_of_persons())}.",
                )
            self._remove_claims()
            self._report.letters = LetterEraser(self._runtime, self._person, self._versions).sweep()
        finally:
            self._writer.close()
        return self._reported()

    def _refuse_living(self) -> None:
        for service in self._services:
            kind = personal_kind(service, self._person)
            if kind and kind.personal and kind.personal.person == ITSELF:
                for item in self._items(service).get([self._person]).values():
                    if item.get("deleted") != {"BOOL": True}:
                        raise not_deleted(service, self._person)

    def _by_read_model(self) -> None:
        for service in self._services:
            ids = by_read_model(self._writer.connection(), service, self._person)
            self._erase_all(service, ids, f"{service.name}: by rows")

    def _by_scan(self) -> bool:
        """Search all tables, and erase what was not known. Returns whether a further search may find more.

        A claim is told by its owner. So after an aggregate was found that the read model did not know of, its claims
        are searched for once more.
        """
        more = False
        for service in self._services:
            found = self._scanned[service.name] = self._scan(service)
            self._report.faults |= {f"{service.name} {id}": error for id, error in found.unreadable.items()}
            self._erase_all(service, found.ids, f"{service.name}: by scan")
            more = more or bool(found.ids)
        return more

    def _scan(self, service: Service) -> Scanned:
        items, segments = self._items(service), self._job.segments
        scan = PersonScan(service, items, self._person, lambda id: (service.name, id) in self._versions)
        with (
            self._job.phase(f"{service.name}: scan", items.count()) as advance,
            ThreadPoolExecutor(segments, thread_name_prefix="erase") as threads,
        ):
            return merged(threads.map(lambda segment: scan.part(segment, segments, advance), range(segments)))

    def _erase_all(self, service: Service, ids: Sequence[str], what: str) -> None:
        if not ids:
            return
        with self._job.phase(what, len(ids)) as advance:
            for start in range(0, len(ids), _AT_ONCE):
                part = ids[start : start + _AT_ONCE]
                self._erase_some(service, part)
                advance(len(part))

    def _erase_some(self, service: Service, ids: Sequence[str]) -> None:
        """Erase some aggregates, if they belong to the person and hold anything personal, and mark them all."""
        found = self._belonging(service, self._items(service).get(ids))
        versions = {owned.head.id: self._committed(service, owned) for owned in found}
        if not versions:
            return
        self._read_model.mark(service, versions)
        for id, version in versions.items():
            self._dead_letters.mark_erased(service.name, id, version, iso(utc_now()))
        self._read_model.show(service, self._items(service).get(list(versions)).values())
        self._report.timeline += self._read_model.sweep(service, versions)
        self._versions |= {(service.name, id): version for id, version in versions.items()}

    def _belonging(self, service: Service, items: Mapping[str, Item]) -> Iterator[Owned]:
        for id, item in items.items():
            try:
                if owned := belongs(service, item, self._person):
                    yield owned
            except Unreadable as error:
                self._report.faults[f"{service.name} {id}"] = str(error)

    def _committed(self, service: Service, owned: Owned) -> int:
        """The version from which on an aggregate holds nothing personal of now; committed if need be."""
        if not owned.dirty:
            return owned.head.version
        version = erase_aggregate(service, self._runtime.store(service.name), owned.head.id, self._job.actor)
        self._report.committed += 1
        return version

    def _remove_claims(self) -> None:
        for service in self._services:
            for claim in self._scanned[service.name].claims:
                self._report.claims += self._remove_claim(service, claim)

    def _remove_claim(self, service: Service, claim: Item) -> bool:
        """Remove a claim with a personal value, unless its owner has taken it since it was erased."""
        owner = claim["owner"]["S"]
        head = stored_head(self._items(service).get([owner])[owner])
        if head.version > self._versions[service.name, owner]:
            return False
        try:
            self._job.dynamodb.delete_item(
                TableName=self._runtime.settings.table(service.name),
                Key={"id": claim["id"]},
                ConditionExpression="#commit = :commit",
                ExpressionAttributeNames={"#commit": "commit"},
                ExpressionAttributeValues={":commit": claim["commit"]},
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def _items(self, service: Service) -> Items:
        return Items(self._job.dynamodb, self._runtime.settings.table(service.name), lambda _: True)

    def _ids_of_persons(self) -> Iterator[str]:
        for service in self._services:
            for kind in personal_kinds(service):
                if kind.personal:
                    yield f"`{kind.personal.person}` of {service.name}"

    def _reported(self) -> EraseReport:
        report = self._report
        for service, _ in self._versions:
            report.aggregates[service] = report.aggregates.get(service, 0) + 1
        report.faults |= self._read_model.refused
        names = {service.name: self._runtime.settings.table(service.name) for service in self._services}
        bucket = self._runtime.settings.dead_letter_bucket
        report.remains = list(remaining(names, self._scanned, report.letters, bucket, datetime.now(UTC)))
        return report
