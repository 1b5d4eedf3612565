"""Make up for what the streams have lost: `python -m local.catchup`.

MiniStack keeps its tables over a restart and loses their streams. So before the pump starts, every table
is compared with the read model by id and version, and what is newer goes through the same function that
the stream feeds, as records that look like a stream's. Of several lost versions only the newest can be
had: the timeline shows such a gap as incomplete.

What the reactor has done of the lost streams nobody can tell from a row. Unless the pump had come to rest before
it was stopped, the reactor is given every aggregate again; what is done already finds itself done.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.core.composition_root import composition_root
from chalicelib.core.dynamodb.store import MAX_BATCH_GET, PATIENT_TRIES, batch_get
from chalicelib.core.mysql.connections import Pool
from chalicelib.core.service import Service, UnknownAggregate, is_head
from chalicelib.core.streams.records import as_record
from local import aws
from local.delivery import Record
from local.functions import LambdaHandler, load_handlers
from local.pump import batches, was_at_rest
from local.template import EventSource, Template

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SEGMENTS = 4  # of a parallel scan; with more MiniStack is no faster
_PROJECTOR = "project"  # of whatever module


class CatchUp:
    """Compares one service's table with its rows.

    Args:
        client: of DynamoDB.
        table: the table's name.
        service: whose table it is.
        pool: connections to the read model.
    """

    def __init__(self, client: "DynamoDBClient", table: str, service: Service, pool: Pool) -> None:
        self._client = client
        self.name = table
        self._service = service
        self._pool = pool
        self._stream = client.describe_table(TableName=table)["Table"].get("LatestStreamArn", "")

    def records(self) -> Iterator[list[Record]]:
        """Of each item that the read model does not show yet, a record as a stream would have held it."""
        with ThreadPoolExecutor(_SEGMENTS) as threads:
            missing = [id for ids in threads.map(self._missing, range(_SEGMENTS)) for id in ids]
        for start in range(0, len(missing), MAX_BATCH_GET):
            part = missing[start : start + MAX_BATCH_GET]
            yield self._records(batch_get(self._client, self.name, part, tries=PATIENT_TRIES))

    def all_records(self) -> Iterator[list[Record]]:
        """A record of every aggregate, a page of the table at a time."""
        for page in self._client.get_paginator("scan").paginate(TableName=self.name, ConsistentRead=True):
            yield self._records(item for item in page["Items"] if is_head(item["id"]["S"]))

    def _records(self, items: Iterable[Mapping[str, Any]]) -> list[Record]:
        return [as_record(item, self._stream, time.time()) for item in items]

    def _missing(self, segment: int) -> list[str]:
        """The ids in one part of the table whose version the read model has not reached."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self.name,
            ConsistentRead=True,
            Segment=segment,
            TotalSegments=_SEGMENTS,
            ProjectionExpression="id, version",
        )
        missing = []
        for page in pages:
            versions = {item["id"]["S"]: _version(item) for item in page["Items"] if is_head(item["id"]["S"])}
            shown = self._shown(list(versions))
            missing += [id for id, version in versions.items() if version is None or version > shown.get(id, 0)]
        return missing

    def _shown(self, ids: Sequence[str]) -> dict[str, int]:
        """The versions that the read model shows: of aggregates with rows from these, of others from the timeline.

        The timeline has even what no kind of aggregate is: the projector sets it aside, and catches up with it once.
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


def _version(item: Mapping[str, Any]) -> int | None:
    """An item's version; None where that is no number, so that the function that is fed it sets it aside."""
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
) -> int:
    """Compare every service's table with the read model, and feed every function what it may have missed.

    Args:
        endpoint: of the embedded AWS.
        prefix: of the tables.
        services: by name.
        pool: connections to the read model.
        sources: the mappings.
        handlers: the functions, by the mappings' handler.
        at_rest: whether everything that the streams held had been delivered.

    Returns:
        How many items the read model did not show yet.

    Raises:
        RuntimeError: a function did not take them.
    """
    client = aws.dynamodb(endpoint)
    newer = 0
    for name, service in services.items():
        table = CatchUp(client, f"{prefix}{name}", service, pool)
        fed = [source for source in sources if source.table == table.name]
        for records in table.records():
            newer += len(records)
            _hand_over([source for source in fed if source.callable == _PROJECTOR], handlers, records)
        for records in table.all_records() if not at_rest else ():
            _hand_over([source for source in fed if source.callable != _PROJECTOR], handlers, records)
    return newer


def _hand_over(sources: Sequence[EventSource], handlers: Mapping[str, LambdaHandler], records: list[Record]) -> None:
    for source in sources:
        for batch in batches(source, records):
            answer = handlers[source.handler]({"Records": batch}, None) or {}
            if failures := answer.get("batchItemFailures"):
                raise RuntimeError(f"{source.function} did not take {failures[0]['itemIdentifier']}; the log says why")


def main() -> None:
    """Catch up, and say how much there was."""
    prefix = os.environ["TABLE_PREFIX"]
    sources = Template.from_env().mappings()
    pool = Pool(os.environ["DATABASE_URL"], size=_SEGMENTS)
    newer = catch_up(
        os.environ["AWS_ENDPOINT_URL"],
        prefix,
        composition_root().SERVICES,
        pool,
        sources,
        load_handlers(sources),
        at_rest=was_at_rest(Path(os.environ["LOCAL_STATE"])),
    )
    print(f"caught up with {newer} items" if newer else "nothing was lost", file=sys.stderr)


if __name__ == "__main__":
    main()
