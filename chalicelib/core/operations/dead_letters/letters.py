"""The dead letters of one deployment, where `DynamoDeadLetters` puts them.

A letter is open until it was handled, which removes it, or discarded, which removes its image and keeps the rest, with
who discarded it and why. A record that is set aside again after that makes an open letter of it.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core.dynamodb.codec import decode_item
from chalicelib.core.runtime import Runtime
from chalicelib.core.streams.dead_letters import DISCARDED, OPEN, PROJECTOR, record_of
from chalicelib.core.times import iso, utc_now

MAX_REASON_CHARACTERS = 1000
DISCARDED_KEPT = timedelta(days=90)
"""How long a discarded letter is kept; DynamoDB removes it within days after that."""


class LetterError(Exception):
    """Something that cannot be done with a letter; the message says what, the advice what to do next."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.advice = advice


class NoSuchLetter(LetterError):
    """There is none of that id."""


class UnreadableLetter(LetterError):
    """The letter is there, and its image is gone or broken."""


class UnreachableLetter(LetterError):
    """The letter's image is in S3, which nobody names or which does not give it; it may do so later."""


class BadReason(LetterError):
    """The reason for a discard is empty or too long."""


class Letter(NamedTuple):
    """A dead letter without its image; see `chalicelib.core.streams.dead_letters.DeadLetter`.

    Attributes:
        image_object: the name of the image's object where it is in S3, else "".
        discarded_at: when it was discarded, ISO 8601 UTC; "" of an open letter.
        discarded_by: who did that; likewise.
        reason: why; likewise.
        expires_at: when DynamoDB may remove it, Unix seconds; 0 of an open letter.
    """

    id: str
    service: str
    aggregate: str
    version: int | None
    sequence: str
    error: str
    at: str
    image_object: str = ""
    consumer: str = PROJECTOR
    discarded_at: str = ""
    discarded_by: str = ""
    reason: str = ""
    expires_at: int = 0


_NAMES = {f"#{name}": name for name in Letter._fields}
_WITHOUT_IMAGE: dict[str, Any] = {"ProjectionExpression": ", ".join(_NAMES), "ExpressionAttributeNames": _NAMES}
_WITHOUT_IT = (
    "`ops verify --repair` brings its rows right from the item, `ops react` what follows from it;"
    " `ops dead-letters discard` takes it off the list."
)


class Letters:
    """The dead letters of one deployment.

    Args:
        runtime: of the deployment; its settings name the table and the bucket.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._client = runtime.dynamodb
        self._table = runtime.settings.dead_letter_table
        self._bucket = runtime.settings.dead_letter_bucket
        self._runtime = runtime

    def all(self, service: str = "", *, discarded: bool = False) -> Iterator[Letter]:
        """The open letters, or those that were discarded, in no certain order.

        Args:
            service: of this one alone; "" of all.
            discarded: which of the two.
        """
        pages: Any = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            ConsistentRead=True,
            FilterExpression=DISCARDED if discarded else OPEN,
            **_WITHOUT_IMAGE,
        )
        for page in pages:
            for item in page["Items"]:
                letter = Letter(**decode_item(item))
                if service in ("", letter.service):
                    yield letter

    def find(self, id: str) -> Letter:
        """A letter, whatever has become of its image.

        Raises:
            NoSuchLetter: see there.
        """
        return Letter(**self._item(id, **_WITHOUT_IMAGE))

    def get(self, id: str) -> tuple[Letter, dict[str, Any]]:
        """A letter, and the stream record that was set aside.

        Raises:
            NoSuchLetter, Unreadable: see there.
        """
        item = self._item(id)
        image = item.pop("image", None)
        letter = Letter(**item)
        if letter.discarded_at:
            raise UnreadableLetter(
                f"{id} was discarded by {letter.discarded_by} at {letter.discarded_at}: {letter.reason}", _WITHOUT_IT
            )
        if image is None:
            image = self._object(letter)
        try:
            return letter, record_of(image)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise UnreadableLetter(f"The image of {letter.id} cannot be read: {error}", _WITHOUT_IT) from error

    def remove(self, letter: Letter) -> bool:
        """Remove a letter that was handled, and its image; False where it was set aside anew meanwhile, or removed.

        Raises:
            Unreadable: its image is in S3, and nobody says where.
        """
        return self._end(letter, self._client.delete_item)

    def discard(self, letter: Letter, reason: str, by: str) -> bool:
        """Give a letter up: its image is removed; what it was, and why it was given up, is kept.

        Args:
            letter: as it was found.
            reason: for whoever asks later.
            by: who discards it.

        Returns:
            False where it was set aside anew meanwhile, discarded or removed.

        Raises:
            BadReason: see there.
            Unreadable: its image is in S3, and nobody says where.
        """
        reason = reason.strip()
        if not 0 < len(reason) <= MAX_REASON_CHARACTERS:
            raise BadReason(
                f"A reason has 1 to {MAX_REASON_CHARACTERS} characters, not {len(reason)}.", "Say why nobody needs it."
            )
        return self._end(
            letter,
            self._client.update_item,
            names={"#reason": "reason", "#image": "image"},
            values={
                ":now": {"S": iso(utc_now())},
                ":by": {"S": by},
                ":reason": {"S": reason},
                ":end": {"N": str(int((datetime.now(UTC) + DISCARDED_KEPT).timestamp()))},
            },
            UpdateExpression="SET discarded_at = :now, discarded_by = :by, #reason = :reason, expires_at = :end"
            " REMOVE #image, image_object",
        )

    def _end(
        self,
        letter: Letter,
        write: Callable[..., object],
        names: Mapping[str, str] = {},
        values: Mapping[str, Any] = {},
        **request: Any,
    ) -> bool:
        """Write what ends a letter while it is open and still the one that was found; then remove its object."""
        if letter.image_object:
            self._need_bucket(letter)
        try:
            write(
                TableName=self._table,
                Key={"id": {"S": letter.id}},
                ConditionExpression=f"#at = :at AND {OPEN}",
                ExpressionAttributeNames={"#at": "at", **names},
                ExpressionAttributeValues={":at": {"S": letter.at}, **values},
                **request,
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                raise
            return False
        if letter.image_object:
            self._runtime.s3.delete_object(Bucket=self._bucket, Key=letter.image_object)
        return True

    def _item(self, id: str, **part: Any) -> dict[str, Any]:
        answer = self._client.get_item(TableName=self._table, Key={"id": {"S": id}}, ConsistentRead=True, **part)
        if "consumer" not in answer.get("Item", {}):
            raise NoSuchLetter(f"There is no dead letter {id!r}.", "`ops dead-letters list` shows what there is.")
        return decode_item(answer["Item"])

    def _object(self, letter: Letter) -> bytes:
        self._need_bucket(letter)
        try:
            body: bytes = self._runtime.s3.get_object(Bucket=self._bucket, Key=letter.image_object)["Body"].read()
        except (ClientError, BotoCoreError) as error:
            message = f"The image of {letter.id} cannot be read from s3://{self._bucket}/{letter.image_object}: {error}"
            if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") == "NoSuchKey":
                raise UnreadableLetter(message, _WITHOUT_IT) from error
            raise UnreachableLetter(message, "Check the bucket and the rights to it, and try again.") from error
        return body

    def _need_bucket(self, letter: Letter) -> None:
        if not self._bucket:
            raise UnreachableLetter(
                f"The image of {letter.id} is in S3.", "Set DEAD_LETTER_BUCKET, as the functions have it."
            )
