"""Reading and removing dead letters, where `DynamoDeadLetters` puts them."""

import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from chalicelib.core.dynamodb.codec import decode_item
from chalicelib.core.runtime import Runtime
from chalicelib.core.streams.dead_letters import PROJECTOR, record_of
from ops.failing import OpsError


class Letter(NamedTuple):
    """A dead letter without its image; see `chalicelib.core.streams.dead_letters.DeadLetter`.

    Attributes:
        image_object: the name of the image's object where it is in S3, else "".
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


_NAMES = {f"#{name}": name for name in Letter._fields}
_WITHOUT_IMAGE: dict[str, Any] = {"ProjectionExpression": ", ".join(_NAMES), "ExpressionAttributeNames": _NAMES}
_WITHOUT_IT = (
    "`ops verify --repair` brings its rows right from the item, `ops react` what follows from it;"
    " `ops dead-letters discard` removes it."
)


class Letters:
    """The dead letters of one deployment."""

    def __init__(self, runtime: Runtime) -> None:
        self._client = runtime.dynamodb
        self._table = runtime.settings.dead_letter_table
        self._bucket = runtime.settings.dead_letter_bucket
        self._runtime = runtime

    def all(self, service: str = "") -> Iterator[Letter]:
        """All letters, or those of one service, in no certain order."""
        pages: Any = self._client.get_paginator("scan").paginate(
            TableName=self._table, ConsistentRead=True, **_WITHOUT_IMAGE
        )
        for page in pages:
            for item in page["Items"]:
                letter = Letter(**decode_item(item))
                if service in ("", letter.service):
                    yield letter

    def find(self, id: str) -> Letter:
        """A letter, whatever has become of its image.

        Raises:
            OpsError: there is none of that id.
        """
        return Letter(**self._item(id, **_WITHOUT_IMAGE))

    def get(self, id: str) -> tuple[Letter, dict[str, Any]]:
        """A letter, and the stream record that was set aside.

        Raises:
            OpsError: there is none of that id, or its image is gone or broken.
        """
        item = self._item(id)
        image = item.pop("image", None)
        letter = Letter(**item)
        if image is None:
            image = self._object(letter)
        try:
            return letter, record_of(image)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise OpsError(f"The image of {letter.id} cannot be read: {error}", _WITHOUT_IT) from error

    def remove(self, letter: Letter) -> bool:
        """Remove a letter and its image; False where it was set aside anew meanwhile, or removed.

        Raises:
            OpsError: its image is in S3, and nobody says where.
        """
        if letter.image_object:
            self._need_bucket(letter)
        try:
            self._client.delete_item(
                TableName=self._table,
                Key={"id": {"S": letter.id}},
                ConditionExpression="#at = :at",
                ExpressionAttributeNames={"#at": "at"},
                ExpressionAttributeValues={":at": {"S": letter.at}},
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
        if "Item" not in answer:
            raise OpsError(f"There is no dead letter {id!r}.", "`python -m ops dead-letters list` shows what there is.")
        return decode_item(answer["Item"])

    def _object(self, letter: Letter) -> bytes:
        self._need_bucket(letter)
        try:
            body: bytes = self._runtime.s3.get_object(Bucket=self._bucket, Key=letter.image_object)["Body"].read()
        except ClientError as error:
            raise OpsError(
                f"The image of {letter.id} cannot be read from s3://{self._bucket}/{letter.image_object}: {error}",
                _WITHOUT_IT,
            ) from error
        return body

    def _need_bucket(self, letter: Letter) -> None:
        if not self._bucket:
            raise OpsError(f"The image of {letter.id} is in S3.", "Set DEAD_LETTER_BUCKET, as the functions have it.")
