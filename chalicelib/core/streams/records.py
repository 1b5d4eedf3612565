"""Parse the raw records of a DynamoDB stream. No other module reads them.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Any, NamedTuple

from chalicelib.core.dynamodb.codec import Undecodable, decode, stored_head
from chalicelib.core.service import CLAIM_PREFIX, HEARTBEAT_ID, Head, NewerSchema, Service
from chalicelib.core.streams.poison import OF_THE_PROCESS
from chalicelib.core.times import to_utc

RawRecord = Mapping[str, Any]
# A deployment replaces one function after another, so what the new commands write may reach the old projector first.
DEPLOYMENT = timedelta(minutes=15)


class UnknownStream(Exception):
    """A record of a table that no service owns: the mapping or TABLE_PREFIX is wrong, not the record."""


class RecordSource(NamedTuple):
    """Where a record comes from. `read` decodes it.

    Attributes:
        position: its index in the batch.
        sequence: its sequence number in the stream.
        service: the service whose table it comes from.
        id: the item's partition key, or "?" where the record has none.
        raw: the raw record.
    """

    position: int
    sequence: str
    service: Service
    id: str
    raw: RawRecord


class CommitRecord(NamedTuple):
    """A record of a commit to an aggregate.

    Attributes:
        head: in the shape that this release knows.
        stored: as it was stored; the timeline keeps this.
    """

    source: RecordSource
    head: Head
    stored: Head


class HeartbeatRecord(NamedTuple):
    """A record of the heartbeat item, which the scheduled check writes to measure the lag."""

    source: RecordSource
    beat: int
    sent_at: datetime


class UnreadableRecord(NamedTuple):
    """A record that cannot be decoded, and the reason."""

    source: RecordSource
    error: Exception


Record = CommitRecord | HeartbeatRecord | UnreadableRecord


def correlation_of(source: RecordSource) -> str:
    """The correlation id of the request that caused a record; "" if it has none."""
    try:
        return str(source.raw["dynamodb"]["NewImage"]["correlation"]["S"])[:64]
    except (KeyError, TypeError):
        return ""


def waits_for_deployment(source: RecordSource, error: Exception, now: datetime) -> bool:
    """Whether a record has to be delivered again, since the release that can handle it may be on its way.

    A record that is older than any deployment takes shows that this release was rolled back to. It is set aside, so
    that the others do not wait for it, and can be redriven when a newer release is deployed.

    Args:
        source: of the record.
        error: that it caused.
        now: naive and UTC.
    """
    if not isinstance(error, NewerSchema):
        return False
    seconds = source.raw["dynamodb"].get("ApproximateCreationDateTime")
    if not isinstance(seconds, int | float):
        return False
    return now - datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None) < DEPLOYMENT


def stated_version(source: RecordSource) -> int:
    """The version that a record states, before it is decoded; 0 if it cannot be decoded, since it states none."""
    try:
        return int(source.raw["dynamodb"]["NewImage"]["version"]["N"])
    except (KeyError, TypeError, ValueError):
        return 0


def sources(records: Iterable[RawRecord], services: Mapping[str, Service]) -> list[RecordSource]:
    """The records, in their order, without claims and removals.

    Only expired claims are ever removed from a table. If a person removes an aggregate's item, `verify` finds that.

    Args:
        records: as Lambda delivers them.
        services: by the name of their table.

    Raises:
        UnknownStream: a record's table has no service.
    """
    service_of = lru_cache(partial(_service, services))
    found = (_source(position, record, service_of) for position, record in enumerate(records))
    return [source for source in found if source]


def parse(records: Iterable[RawRecord], services: Mapping[str, Service]) -> list[Record]:
    """The same records, decoded.

    Raises:
        UnknownStream: a record's table has no service.
    """
    return [read(source) for source in sources(records, services)]


def as_record(item: Mapping[str, Any], stream_arn: str, at: float = 0.0) -> RawRecord:
    """An item as a record of its table's stream. It replaces a record that the stream has lost.

    Args:
        item: attribute values, with an id. If its version is no number, the reader sets the record aside.
        stream_arn: the ARN of the table's stream: `arn:...:table/<name>/stream/<label>`.
        at: Unix seconds.
    """
    identity = f"{item['id']['S']}@{item.get('version', {}).get('N', '?')}"
    _, _, _, region, *_ = stream_arn.split(":")
    return {
        "eventID": identity,
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": region,
        "eventSourceARN": stream_arn,
        "dynamodb": {
            "ApproximateCreationDateTime": at,
            "Keys": {"id": item["id"]},
            "NewImage": item,
            "SequenceNumber": identity,
            "SizeBytes": 0,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }


def _source(position: int, record: RawRecord, service_of: Callable[[str], Service]) -> RecordSource | None:
    change = record["dynamodb"]
    try:
        key = change["Keys"]["id"]["S"]
    except KeyError:
        key = "?"
    if key.startswith(CLAIM_PREFIX) or record.get("eventName") == "REMOVE":
        return None
    arn = record.get("eventSourceARN", "")
    return RecordSource(position, change.get("SequenceNumber", ""), service_of(arn), key, record)


def read(source: RecordSource) -> Record:
    """The decoded record."""
    try:
        image = source.raw["dynamodb"]["NewImage"]
        if source.id == HEARTBEAT_ID:
            return HeartbeatRecord(source, decode(image["version"]), to_utc(decode(image["at"])))
        stored = stored_head(image)
        if stored.id != source.id:
            raise Undecodable("the image's id is not the record's key")
        return CommitRecord(source, source.service.current(stored), stored)
    except KeyError as error:
        return UnreadableRecord(
            source, Undecodable(f"the record has no {error}; the stream must carry NEW_AND_OLD_IMAGES")
        )
    except OF_THE_PROCESS:
        raise
    except Exception as error:  # whatever a broken image makes the decoder raise
        return UnreadableRecord(source, error)


def _service(services: Mapping[str, Service], arn: str) -> Service:
    """The service whose table's stream has this ARN, `arn:...:table/<name>/stream/<label>`."""
    table = arn.partition(":table/")[2].partition("/")[0]
    try:
        return services[table]
    except KeyError:
        raise UnknownStream(
            f"no service owns the table of {arn!r}; there are {', '.join(sorted(services))}."
            " Check TABLE_PREFIX and the event source mapping."
        ) from None
