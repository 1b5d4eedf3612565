"""Dead letters: records that cannot be handled, kept until somebody redrives or discards them."""

import base64
import gzip
import hashlib
import json
import uuid
import zlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from chalicelib.core.dynamodb.codec import encode_item
from chalicelib.core.dynamodb.erased import erased_item
from chalicelib.core.runtime import Runtime
from chalicelib.core.service import ERASED, AnyAggregate, Service, UnknownAggregate
from chalicelib.core.streams.records import CommitRecord, RecordSource, UnreadableRecord
from chalicelib.core.telemetry.error_text import error_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

PROJECTOR, REACTOR = "projector", "reactor"
DISCARDED = "attribute_exists(discarded_at)"
OPEN = "attribute_exists(consumer) AND attribute_not_exists(discarded_at)"
"""DynamoDB's conditions for discarded dead letters and for all others. Markers of erasures meet neither."""
# DynamoDB's item limit is 400 KB; the rest is for the other attributes.
MAX_INLINE_BYTES = 350 * 1024
_MAX_ERROR_CHARACTERS = 2000
# An id is a partition key, for which DynamoDB allows 2,048 bytes, and it contains the aggregate's own partition key.
# It also begins an object's name, for which S3 allows 1,024 bytes.
MAX_ID_BYTES = 900


class DeadLetter(NamedTuple):
    """A record that was set aside.

    Attributes:
        id: `<service>#<aggregate>#<version or sequence number>`, with `#reactor` at the end if the reactor set it
            aside. An id of over MAX_ID_BYTES is cut and ends in a digest. The same record always gets the same id.
        service: the service whose stream the record came from.
        aggregate: the item's partition key.
        version: the aggregate's version; None if the record cannot be decoded.
        sequence: the record's sequence number in the stream.
        error: what was wrong with the record.
        at: when it was set aside, ISO 8601 UTC.
        image: the raw stream record without its old image, as JSON, compressed by gzip.
        consumer: who set it aside and handles it when it is redriven: "projector" or "reactor".
        history: the earlier errors of a record that was redriven in vain, oldest first: `at` and `error` as above,
            `redriven_at` and `redriven_by`.
    """

    id: str
    service: str
    aggregate: str
    version: int | None
    sequence: str
    error: str
    at: str
    image: bytes
    consumer: str = PROJECTOR
    history: Sequence[Mapping[str, str]] = ()


class DeadLetters(Protocol):
    """The port through which projector and reactor keep dead letters."""

    def put(self, letter: DeadLetter) -> None:
        """Keep a dead letter. Putting it again has no further effect.

        Raises:
            Exception: it could not be stored. The caller treats its record as not processed.
        """


def dead_letter(
    entry: CommitRecord | UnreadableRecord, error: Exception, at: str, consumer: str = PROJECTOR
) -> DeadLetter:
    """The dead letter for a record and the error that it causes."""
    source = entry.source
    version = entry.head.version if isinstance(entry, CommitRecord) else None
    suffix = "" if consumer == PROJECTOR else f"#{consumer}"
    return DeadLetter(
        id=_short(f"{source.service.name}#{source.id}#{source.sequence if version is None else version}{suffix}"),
        service=source.service.name,
        aggregate=source.id,
        version=version,
        sequence=source.sequence,
        error=error_text(error)[:_MAX_ERROR_CHARACTERS],
        at=at,
        image=gzip.compress(_as_json(source).encode(), mtime=0),
        consumer=consumer,
    )


def _short(id: str) -> str:
    """The id, or its beginning and a digest of the whole. Different ids stay different."""
    whole = id.encode(errors="surrogatepass")
    if len(whole) <= MAX_ID_BYTES:
        return id
    digest = hashlib.sha256(whole).hexdigest()[:32]
    return f"{whole[: MAX_ID_BYTES - 33].decode(errors='ignore')}~{digest}"


def record_of(image: bytes) -> dict[str, Any]:
    """The raw stream record in a dead letter's image.

    Raises:
        ValueError: the image holds something else, such as what an erasure leaves of one that it cannot read.
        OSError, EOFError, zlib.error: it is not compressed as a whole.
    """
    record: dict[str, Any] = json.loads(gzip.decompress(image))
    try:
        record["dynamodb"].get("Keys", {}).get("id", {}).get("S")  # what the readers of a stream rely on
    except (AttributeError, KeyError, TypeError):
        raise ValueError("it holds no record") from None
    return record


def erased_image(image: bytes, kind: AnyAggregate) -> bytes:
    """An image without personal data; an image that cannot be read loses everything."""
    try:
        record = record_of(image)
        change = record["dynamodb"]
        if "NewImage" in change:
            change["NewImage"] = erased_item(change["NewImage"], kind)
    except (OSError, EOFError, ValueError, TypeError, KeyError, AttributeError, zlib.error):
        record = {}
    return gzip.compress(json.dumps(record).encode(), mtime=0)


def erased_history(history: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """A history without its errors: a rule's own words, or an earlier release, may have put values into them."""
    return [{**entry, "error": ERASED} for entry in history]


def kind_of(services: Mapping[str, Service], service: str, aggregate: str) -> AnyAggregate | None:
    """The kind of aggregate that a letter is about; None if no service has one with this id."""
    try:
        return services[service].aggregate(aggregate)
    except (KeyError, UnknownAggregate):
        return None


def marker_id(service: str, aggregate: str) -> str:
    """The id of the item that says up to which version an aggregate's personal data were erased."""
    return _short(f"erased#{service}#{aggregate}")


def _as_json(source: RecordSource) -> str:
    """The record without its old image, in ASCII: a poison record may hold text that UTF-8 cannot encode."""
    change = {name: value for name, value in source.raw["dynamodb"].items() if name != "OldImage"}
    return json.dumps({**source.raw, "dynamodb": change}, default=_plain)


def _plain(value: Any) -> str:
    """A value that JSON cannot hold: bytes in base64, as Lambda writes them; anything else as its repr."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else repr(value)


def dead_letters_of(runtime: Runtime) -> "DynamoDeadLetters":
    """The dead letters that the environment names."""
    settings = runtime.settings
    s3 = runtime.s3 if settings.dead_letter_bucket else None
    return DynamoDeadLetters(
        runtime.dynamodb, settings.dead_letter_table, s3, settings.dead_letter_bucket, runtime.services
    )


class DynamoDeadLetters:
    """Dead letters in a DynamoDB table. Images that are too large for an item are kept in S3.

    Args:
        dynamodb: a boto3 client.
        table: the table; its partition key is `id`.
        s3: a boto3 client; None if there is no bucket.
        bucket: the bucket for large images; "" if there is none.
        services: by name; they declare what is personal. Without them, no erased data are left out.
    """

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        table: str,
        s3: "S3Client | None" = None,
        bucket: str = "",
        services: Mapping[str, Service] = MappingProxyType({}),
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._s3 = s3
        self._bucket = bucket
        self._services = services

    def put(self, letter: DeadLetter) -> None:
        """See `DeadLetters.put`. Each call that stores an image in S3 makes a new object, named by `image_object`.

        So removing a letter cannot remove the image of a later letter with the same id.

        Personal data that were erased are left out, however late the record comes. The marker is read again after the
        write, because an erasure may have set it and searched the table before this letter was there.
        """
        through = self.erased_through(letter.service, letter.aggregate)
        self._write(self._without_erased(letter, through))
        if (now := self.erased_through(letter.service, letter.aggregate)) != through:
            self._write(self._without_erased(letter, now))

    def erased_through(self, service: str, aggregate: str) -> int:
        """The version up to which an aggregate's personal data were erased; 0 if none were."""
        key = {"id": {"S": marker_id(service, aggregate)}}
        answer = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return int(answer["Item"]["version"]["N"]) if "Item" in answer else 0

    def mark_erased(self, service: str, aggregate: str, version: int, at: str) -> None:
        """From now on leave an aggregate's personal data out of letters of this version and of older ones."""
        marker = {"id": marker_id(service, aggregate), "version": version, "at": at}
        self._dynamodb.put_item(TableName=self._table, Item=encode_item(marker))

    def _without_erased(self, letter: DeadLetter, through: int) -> DeadLetter:
        kind = kind_of(self._services, letter.service, letter.aggregate)
        if kind is None or not through or (letter.version or 0) > through:
            return letter
        history = erased_history(letter.history)
        return letter._replace(image=erased_image(letter.image, kind), error=ERASED, history=history)

    def _write(self, letter: DeadLetter) -> None:
        item: dict[str, Any] = letter._asdict()
        if not letter.history:
            del item["history"]
        if len(letter.image) > MAX_INLINE_BYTES:
            del item["image"]
            item["image_object"] = self._put_object(letter)
        self._dynamodb.put_item(TableName=self._table, Item=encode_item(item))

    def _put_object(self, letter: DeadLetter) -> str:
        if not (self._s3 and self._bucket):
            raise ValueError(
                f"the image of {letter.id} has {len(letter.image)} bytes compressed, too many for an item;"
                " set DEAD_LETTER_BUCKET"
            )
        name = f"{letter.id}/{uuid.uuid4().hex}.json.gz"
        self._s3.put_object(Bucket=self._bucket, Key=name, Body=letter.image)
        return name
