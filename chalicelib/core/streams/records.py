"""Parse the raw records of a DynamoDB stream, here at the edge and nowhere else.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.core.dynamodb.codec import Undecodable, decode, head_of
from chalicelib.core.service import CLAIM_PREFIX, HEARTBEAT_ID, Head, Service
from chalicelib.core.streams.poison import OF_THE_PROCESS
from chalicelib.core.times import to_utc

RawRecord = Mapping[str, Any]


class UnknownStream(Exception):
    """A record of a table that no service owns: the mapping or TABLE_PREFIX is wrong, not the record."""


class Source(NamedTuple):
    """Where a record stands.

    Attributes:
        position: its index in the batch.
        sequence: its sequence number in the stream.
        service: the service whose table it comes from.
        id: the item's partition key, or "?" where the record has none.
        raw: the record itself.
    """

    position: int
    sequence: str
    service: Service
    id: str
    raw: RawRecord


class CommitRecord(NamedTuple):
    """A record of a commit to an aggregate."""

    source: Source
    head: Head


class HeartbeatRecord(NamedTuple):
    """A record of the item that a scheduled check writes, to measure the lag."""

    source: Source
    beat: int
    sent_at: datetime


class UnreadableRecord(NamedTuple):
    """A record that cannot be decoded, and why."""

    source: Source
    error: Exception


Record = CommitRecord | HeartbeatRecord | UnreadableRecord


def correlation_of(entry: Record) -> str:
    """The correlation id of the request that a record comes from; "" where it names none."""
    if isinstance(entry, CommitRecord):
        return entry.head.correlation
    try:
        return str(entry.source.raw["dynamodb"]["NewImage"]["correlation"]["S"])[:64]
    except (KeyError, TypeError):
        return ""


def parse(records: Iterable[RawRecord], services: Mapping[str, Service]) -> list[Record]:
    """What the records say, in their order, without those that nobody has anything to do with.

    Left out are claims, and removals: nothing but expired claims is ever removed from a table; what a
    hand removed, `verify` finds.

    Args:
        records: as Lambda delivers them.
        services: by the name of their table.

    Raises:
        UnknownStream: a record's table has no service.
    """
    entries = (_entry(position, record, services) for position, record in enumerate(records))
    return [entry for entry in entries if entry]


def as_record(item: Mapping[str, Any], stream_arn: str, at: float = 0.0) -> RawRecord:
    """An item as its table's stream would carry it, for what a lost stream cannot bring any more.

    Args:
        item: as attribute values, with an id; without a version that is a number, it is set aside by whoever reads it.
        stream_arn: of the table: `arn:...:table/<name>/stream/<label>`.
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


def _entry(position: int, record: RawRecord, services: Mapping[str, Service]) -> Record | None:
    change = record["dynamodb"]
    key = change.get("Keys", {}).get("id", {}).get("S", "?")
    if key.startswith(CLAIM_PREFIX) or record.get("eventName") == "REMOVE":
        return None
    source = Source(position, change.get("SequenceNumber", ""), _service(record, services), key, record)
    try:
        image = change["NewImage"]
        if key == HEARTBEAT_ID:
            return HeartbeatRecord(source, decode(image["version"]), to_utc(decode(image["at"])))
        return CommitRecord(source, head_of(image))
    except KeyError as error:
        return UnreadableRecord(
            source, Undecodable(f"the record has no {error}; the stream must carry NEW_AND_OLD_IMAGES")
        )
    except OF_THE_PROCESS:
        raise
    except Exception as error:  # whatever a broken image makes the decoder raise
        return UnreadableRecord(source, error)


def _service(record: RawRecord, services: Mapping[str, Service]) -> Service:
    """The service whose table the record comes from, by `arn:...:table/<name>/stream/<label>`."""
    arn = record.get("eventSourceARN", "")
    table = arn.partition(":table/")[2].partition("/")[0]
    try:
        return services[table]
    except KeyError:
        raise UnknownStream(
            f"no service owns the table of {arn!r}; there are {', '.join(sorted(services))}."
            " Check TABLE_PREFIX and the event source mapping."
        ) from None
