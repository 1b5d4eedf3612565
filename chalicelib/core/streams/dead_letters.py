"""Dead letters: the records that cannot be handled, kept until somebody redrives or discards them."""

import base64
import gzip
import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from chalicelib.core.dynamodb.codec import encode_item
from chalicelib.core.runtime import Runtime
from chalicelib.core.streams.records import CommitRecord, Source, UnreadableRecord
from chalicelib.core.telemetry.error_text import error_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

PROJECTOR, REACTOR = "projector", "reactor"
OPEN = "attribute_not_exists(discarded_at)"
"""DynamoDB's condition for a dead letter that nobody has discarded."""
# DynamoDB's item limit is 400 KB; the rest is for the other attributes.
MAX_INLINE_BYTES = 350 * 1024
_MAX_ERROR_CHARACTERS = 2000
# An id is a partition key, which DynamoDB keeps to 2,048 bytes, as it does the aggregate's that is in it; and it begins
# an object's name, which S3 keeps to 1,024.
MAX_ID_BYTES = 900


class DeadLetter(NamedTuple):
    """A record that was set aside.

    Attributes:
        id: `<service>#<aggregate>#<version or sequence number>`, and `#reactor` where that set it aside; of over
            MAX_ID_BYTES the beginning, and a digest. Setting the same record aside twice keeps one.
        service: whose stream it came from.
        aggregate: the item's partition key.
        version: the aggregate's version; None where the record cannot be decoded.
        sequence: its sequence number in the stream.
        error: what was wrong with it.
        at: when it was set aside, ISO 8601 UTC.
        image: the raw stream record without its old image, JSON, compressed by gzip.
        consumer: who set it aside, and would take it again: "projector" or "reactor".
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


class DeadLetters(Protocol):
    """Where dead letters are kept."""

    def put(self, letter: DeadLetter) -> None:
        """Keep a dead letter, once, however often it is put.

        Raises:
            Exception: it could not be stored; its record then counts as not processed.
        """


def dead_letter(
    entry: CommitRecord | UnreadableRecord, error: Exception, at: str, consumer: str = PROJECTOR
) -> DeadLetter:
    """The dead letter of a record and of the error that it causes."""
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
    """The id, or its beginning and a digest of it all: the same for the same id, another for another."""
    whole = id.encode(errors="surrogatepass")
    if len(whole) <= MAX_ID_BYTES:
        return id
    digest = hashlib.sha256(whole).hexdigest()[:32]
    return f"{whole[: MAX_ID_BYTES - 33].decode(errors='ignore')}~{digest}"


def record_of(image: bytes) -> dict[str, Any]:
    """The raw stream record that a dead letter's image holds."""
    record: dict[str, Any] = json.loads(gzip.decompress(image))
    return record


def _as_json(source: Source) -> str:
    """The record without its old image; in ASCII, since the poison may be what no UTF-8 can hold."""
    change = {name: value for name, value in source.raw["dynamodb"].items() if name != "OldImage"}
    return json.dumps({**source.raw, "dynamodb": change}, default=_plain)


def _plain(value: Any) -> str:
    """What JSON does not know: bytes as Lambda writes them, in base64; anything else as Python shows it."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else repr(value)


def dead_letters_of(runtime: Runtime) -> "DynamoDeadLetters":
    """The dead letters that the environment names."""
    settings = runtime.settings
    s3 = runtime.s3 if settings.dead_letter_bucket else None
    return DynamoDeadLetters(runtime.dynamodb, settings.dead_letter_table, s3, settings.dead_letter_bucket)


class DynamoDeadLetters:
    """Dead letters in a DynamoDB table, the images that are too large for an item in S3.

    Args:
        dynamodb: a boto3 client.
        table: the table; its partition key is `id`.
        s3: a boto3 client; None where there is no bucket.
        bucket: the bucket for large images; "" for none.
    """

    def __init__(self, dynamodb: "DynamoDBClient", table: str, s3: "S3Client | None" = None, bucket: str = "") -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._s3 = s3
        self._bucket = bucket

    def put(self, letter: DeadLetter) -> None:
        """See `DeadLetters.put`. An image in S3 is an object of its own each time, named by `image_object`.

        So whoever removes a letter cannot remove the image of one that was put meanwhile, under the same id.
        """
        item: dict[str, Any] = letter._asdict()
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
