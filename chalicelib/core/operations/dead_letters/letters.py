"""The dead letters of one deployment, where `DynamoDeadLetters` puts them.

A letter is open until it was handled, which removes it, or discarded, which removes its image and keeps the rest, with
who discarded it and why. A record that is set aside again after that makes an open letter of it.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core.dynamodb.codec import decode_item
from chalicelib.core.operations.dead_letters.answers import MAX_REASON_CHARACTERS
from chalicelib.core.runtime import Runtime
from chalicelib.core.streams.dead_letters import DISCARDED, OPEN, PROJECTOR, record_of
from chalicelib.core.times import iso, utc_now

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
        history: see `DeadLetter`.
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
    history: Sequence[Mapping[str, str]] = ()


class Wanted(NamedTuple):
    """Which letters: those that fit every attribute that is not "".

    Attributes:
        service: the service whose stream they came from.
        consumer: who set them aside.
        kind: the type of the error: "NewerSchema".
        error: a text that the error contains; upper and lower case differ.
        discarded: whether those that were discarded, in place of the open ones.
    """

    service: str = ""
    consumer: str = ""
    kind: str = ""
    error: str = ""
    discarded: bool = False


class LetterPage(NamedTuple):
    """Some letters, and the position behind them, from which the next ones are read; "" at the end of the table."""

    letters: Sequence[Letter]
    position: str


_NAMES = {f"#{name}": name for name in Letter._fields}
_WITHOUT_IMAGE: dict[str, Any] = {"ProjectionExpression": ", ".join(_NAMES), "ExpressionAttributeNames": _NAMES}
_ALL_OPEN = Wanted()
_SCANS_A_PAGE = 20
"""A scan reads a megabyte, images included."""
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

    def all(self, wanted: Wanted = _ALL_OPEN) -> Iterator[Letter]:
        """The letters, in no certain order."""
        for letters, _ in self._scans(wanted, ""):
            yield from letters

    def page(self, wanted: Wanted, limit: int, position: str = "") -> LetterPage:
        """At most so many letters, in the table's own sequence, which is none that means anything.

        It may be fewer although there are more: in a large table a request reads a part alone.

        Args:
            wanted: which.
            limit: the most.
            position: of the page before; "" begins.
        """
        found: list[Letter] = []
        for letters, behind in islice(self._scans(wanted, position), _SCANS_A_PAGE):
            found += letters
            position = behind
            if len(found) > limit or (len(found) == limit and position):
                return LetterPage(found[:limit], found[limit - 1].id)
        return LetterPage(found, position)

    def count(self, wanted: Wanted, position: str, most: int) -> int:
        """The number of letters behind a position, as far as a request reads, and not above `most`."""
        scans = islice(self._scans(wanted, position), _SCANS_A_PAGE)
        found = 0
        while found < most and (scan := next(scans, None)):
            found += len(scan.letters)
        return min(found, most)

    def _scans(self, wanted: Wanted, position: str) -> Iterator[LetterPage]:
        """The table from a position on, a scan at a time: the letters, and the position behind it."""
        condition, values = _condition(wanted)
        request: dict[str, Any] = {"TableName": self._table, "ConsistentRead": True, "FilterExpression": condition}
        request |= _WITHOUT_IMAGE
        if values:
            request["ExpressionAttributeValues"] = {name: {"S": value} for name, value in values.items()}
        while True:
            start: dict[str, Any] = {"ExclusiveStartKey": {"id": {"S": position}}} if position else {}
            answer = self._client.scan(**request, **start)
            position = answer.get("LastEvaluatedKey", {}).get("id", {}).get("S", "")
            yield LetterPage([Letter(**decode_item(item)) for item in answer["Items"]], position)
            if not position:
                return

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
            raise UnreadableLetter(f"The image of {letter.id} cannot be read: {error}.", _WITHOUT_IT) from error

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


def _condition(wanted: Wanted) -> tuple[str, dict[str, str]]:
    """DynamoDB's condition for the letters, and the values in it."""
    conditions, values = [DISCARDED if wanted.discarded else OPEN], {}
    for name in ("service", "consumer"):
        if value := getattr(wanted, name):
            conditions.append(f"#{name} = :{name}")
            values[f":{name}"] = value
    if wanted.kind:
        conditions.append("(#error = :kind OR begins_with(#error, :kind_words) OR begins_with(#error, :kind_place))")
        values |= {":kind": wanted.kind, ":kind_words": f"{wanted.kind}: ", ":kind_place": f"{wanted.kind} in "}
    if wanted.error:
        conditions.append("contains(#error, :error)")
        values[":error"] = wanted.error
    return " AND ".join(conditions), values
