"""Make up for records that the streams have lost: `python -m local.catchup`.

MiniStack keeps its tables when it restarts, but loses their streams. So before the pump starts, every table is compared
with the read model by id and version. Newer items go through the function that the stream feeds, as records like those
of a stream. If several versions were lost, only the newest is left, and the timeline shows the gap as incomplete.

No row tells what the reactor has already done. Unless the pump had come to rest before it was stopped, the reactor gets
every aggregate again. Finished work is not repeated.
"""

import os
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.core.composition_root import composition_root
from chalicelib.core.dynamodb.store import MAX_BATCH_GET, PATIENT_TRIES, batch_get
from chalicelib.core.mysql.connections import Pool
from chalicelib.core.service import Service, UnknownAggregate, is_head
from chalicelib.core.streams.records import RawRecord, as_record
from local import aws
from local.functions import LambdaHandler, load_handlers
from local.output import keep_going
from local.pump import batches, was_at_rest
from local.template import EventSource, Template

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SEGMENTS = 4  # of a parallel scan; with more MiniStack is no faster
_PROJECTOR = "project"  # of whatever module


class CaughtUp(NamedTuple):
    """The result of comparing both sides.

    Attributes:
        newer: the number of items that the read model did not show yet, and now does.
        without_item: the number of aggregates with rows, but without an item in the tables.
        ahead: the number of aggregates of which the read model shows a later version than the tables.
    """

    newer: int = 0
    without_item: int = 0
    ahead: int = 0

    def __str__(self) -> str:
        """A sentence for the user."""
        done = f"caught up with {self.newer} items" if self.newer else "the read model is up to date"
        if not self.without_item and not self.ahead:
            return done
        return (
            f"{done}. But {self.without_item} aggregates are missing in the tables, and {self.ahead} have an older"
            " version there than in the read model: the last writes to the tables are LOST. `make rebuild`, while the"
            " stack runs, makes the read model equal to the tables. `make reset` deletes everything"
        )


class CatchUp:
    """Compares one service's table with its rows.

    Args:
        client: a DynamoDB client.
        table: the table's name.
        service: the table's service.
        pool: connections to the read model.

    Attributes:
        ahead: see `CaughtUp`; counted while `records` is read.
        without_item: see `CaughtUp`.
    """

    def __init__(self, client: "DynamoDBClient", table: str, service: Service, pool: Pool) -> None:
        self._client = client
        self.name = table
        self._service = service
        self._pool = pool
        self._stream = client.describe_table(TableName=table)["Table"].get("LatestStreamArn", "")
        self.ahead = self.without_item = 0

    def records(self) -> Iterator[list[RawRecord]]:
        """A record, like a stream's, for each item that the read model does not show yet."""
        with ThreadPoolExecutor(_SEGMENTS) as threads:
            compared = list(threads.map(self._compare, range(_SEGMENTS)))
        missing = [id for part in compared for id in part.missing]
        self.ahead = sum(part.ahead for part in compared)
        self.without_item = self._rows() - sum(part.rows for part in compared)
        for start in range(0, len(missing), MAX_BATCH_GET):
            part = missing[start : start + MAX_BATCH_GET]
            yield self._records(batch_get(self._client, self.name, part, tries=PATIENT_TRIES))

    def all_records(self) -> Iterator[list[RawRecord]]:
        """A record for every aggregate, a page of the table at a time."""
        for page in self._client.get_paginator("scan").paginate(TableName=self.name, ConsistentRead=True):
            yield self._records(item for item in page["Items"] if is_head(item["id"]["S"]))

    def _records(self, items: Iterable[Mapping[str, Any]]) -> list[RawRecord]:
        return [as_record(item, self._stream, time.time()) for item in items]

    def _compare(self, segment: int) -> "_Compared":
        """Compare one segment of the table with the read model."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self.name,
            ConsistentRead=True,
            Segment=segment,
            TotalSegments=_SEGMENTS,
            ProjectionExpression="id, version",
        )
        missing, ahead, rows = [], 0, 0
        for page in pages:
            versions = {item["id"]["S"]: _version(item) for item in page["Items"] if is_head(item["id"]["S"])}
            shown = self._shown(list(versions))
            missing += [id for id, version in versions.items() if version is None or version > shown.get(id, 0)]
            ahead += sum(version is not None and version < shown.get(id, 0) for id, version in versions.items())
            rows += sum(self._projects(id) for id in shown)
        return _Compared(missing, ahead, rows)

    def _rows(self) -> int:
        """The number of aggregates that have rows in the read model."""
        with self._pool.connection() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {self._service.projection.root.name}")
            ((rows,),) = cursor.fetchall()
            return int(rows)

    def _shown(self, ids: Sequence[str]) -> dict[str, int]:
        """The versions in the read model: from the rows of aggregates that have rows, else from the timeline.

        An item that is no known aggregate is set aside by the projector, once, and then has a row in the timeline.
        """
        projection = self._service.projection
        key = projection.root.key[0]
        rows = f"SELECT {key}, version FROM {projection.root.name} WHERE {key} IN %s"
        commits = "SELECT id, MAX(version) FROM timeline WHERE id IN %s AND service = %s GROUP BY id"
        projected = [id for id in ids if self._projects(id)]
        others = [id for id in ids if not self._projects(id)]
        with self._pool.connection() as connection, connection.cursor() as cursor:
            shown: dict[str, int] = {}
            if projected:
                cursor.execute(rows, (projected,))
                shown |= dict(cursor.fetchall())
            if others:
                cursor.execute(commits, (others, self._service.name))
                shown |= dict(cursor.fetchall())
        return shown

    def _projects(self, id: str) -> bool:
        try:
            return self._service.projects(id)
        except UnknownAggregate:
            return False


class _Compared(NamedTuple):
    """The result for one segment of a table: newer items, aggregates ahead, and aggregates with rows."""

    missing: list[str]
    ahead: int
    rows: int


def _version(item: Mapping[str, Any]) -> int | None:
    """An item's version; None if it is no number, so that the function sets the item aside."""
    try:
        return int(item["version"]["N"])
    except (KeyError, ValueError):
        return None


def catch_up(
    endpoint: str,
    prefix: str,
    services: Mapping[str, Service],
    pool: Pool,
    sources: Sequence[EventSource],
    handlers: Mapping[str, LambdaHandler],
    *,
    at_rest: bool,
) -> CaughtUp:
    """Compare every service's table with the read model, and give every function the records that it may have missed.

    Args:
        endpoint: the URL of the embedded AWS.
        prefix: the prefix of the tables' names.
        services: the services by name.
        pool: connections to the read model.
        sources: the event source mappings.
        handlers: the functions, by the handler that a mapping names.
        at_rest: whether all records of the streams had been delivered.

    Raises:
        RuntimeError: a function did not accept its records.
    """
    client = aws.dynamodb(endpoint)
    found = CaughtUp()
    for name, service in services.items():
        table = CatchUp(client, f"{prefix}{name}", service, pool)
        fed = [source for source in sources if source.table == table.name]
        newer = 0
        for records in table.records():
            newer += len(records)
            _hand_over([source for source in fed if source.callable == _PROJECTOR], handlers, records)
        found = CaughtUp(found.newer + newer, found.without_item + table.without_item, found.ahead + table.ahead)
        for records in table.all_records() if not at_rest else ():
            _hand_over([source for source in fed if source.callable != _PROJECTOR], handlers, records)
    return found


def _hand_over(sources: Sequence[EventSource], handlers: Mapping[str, LambdaHandler], records: list[RawRecord]) -> None:
    for source in sources:
        for batch in batches(source, records):
            answer = handlers[source.handler]({"Records": batch}, None) or {}
            if failures := answer.get("batchItemFailures"):
                raise RuntimeError(f"{source.function} did not take {failures[0]['itemIdentifier']}; the log says why")


def main() -> int:
    """Catch up, and print the result or the error on standard output. Returns the exit code."""
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    keep_going()
    sys.stdout = sys.stderr  # what the functions log is for the log
    try:
        said.write(str(_catch_up_by_environment()))
        return 0
    except Exception as error:
        traceback.print_exc()
        said.write(f"{type(error).__name__}: {error}".splitlines()[0])
        return 1
    finally:
        said.close()


def _catch_up_by_environment() -> CaughtUp:
    sources = Template.from_env().mappings()
    return catch_up(
        os.environ["AWS_ENDPOINT_URL"],
        os.environ["TABLE_PREFIX"],
        composition_root().SERVICES,
        Pool(os.environ["DATABASE_URL"], size=_SEGMENTS),
        sources,
        load_handlers(sources),
        at_rest=was_at_rest(Path(os.environ["LOCAL_STATE"])),
    )


if __name__ == "__main__":
    sys.exit(main())
