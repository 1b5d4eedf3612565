"""What of an erased person is in dead letters, open and discarded, and in their images in S3."""

import gzip
import uuid
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from chalicelib.core.dynamodb.codec import decode, decode_item, encode
from chalicelib.core.runtime import Runtime
from chalicelib.core.service import ERASED
from chalicelib.core.streams.dead_letters import REACTOR, erased_history, erased_image, kind_of

_BATCHES = "aws/lambda/"
_NO_ID = "?"  # of a record without a key, see `RecordSource`
# A letter's object is written before its item. An object that no item names may be one whose item is about to follow.
_BEING_WRITTEN = timedelta(minutes=10)
# A version is a count of commits; a sequence number, which stands in its place where there is none, has 20 digits.
_LONGEST_VERSION = 15

Versions = Mapping[tuple[str, str], int]
"""Up to which version an aggregate was erased, by service and id."""


class Swept(NamedTuple):
    """What was found of dead letters.

    Attributes:
        letters: how many were changed.
        objects: how many versions of objects were removed from S3.
        being_written: names of objects that are too young to be removed.
        batches: names of objects, of batches that Lambda gave up, that name the person.
        unknown: ids of letters of no known aggregate that name the person.
    """

    letters: int = 0
    objects: int = 0
    being_written: tuple[str, ...] = ()
    batches: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class LetterEraser:
    """The dead letters of a deployment, for erasing.

    Args:
        runtime: of the deployment.
        person: the id.
        versions: which aggregates' letters, and up to which version.
    """

    def __init__(self, runtime: Runtime, person: str, versions: Versions) -> None:
        self._dynamodb = runtime.dynamodb
        self._table = runtime.settings.dead_letter_table
        self._bucket = runtime.settings.dead_letter_bucket
        self._runtime = runtime
        self._person = person
        self._versions = versions
        self._named: set[str] = set()
        self._replaced: set[str] = set()
        self._unknown: list[str] = []

    def sweep(self) -> Swept:
        """Erase the personal data in all letters and images."""
        swept = Swept(letters=sum(map(self._erase, self._all())), unknown=tuple(self._unknown))
        if not self._bucket:
            return swept
        removed, young = self._sweep_objects()
        return swept._replace(objects=removed, being_written=tuple(young), batches=tuple(self._batches()))

    def _all(self) -> Iterator[dict[str, Any]]:
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        for page in pages:
            for item in page["Items"]:
                if "consumer" in item:
                    yield decode_item(item)

    def _is_meant(self, service: str, aggregate: str, version: int | None) -> bool:
        through = self._versions.get((service, aggregate))
        return through is not None and (version is None or version <= through)

    def _erase(self, letter: Mapping[str, Any]) -> bool:
        """Erase one letter, if it is of the person; whether it was changed."""
        name = letter.get("image_object", "")
        kind = kind_of(self._runtime.services, letter["service"], letter["aggregate"])
        image = self._read(name) if name else letter.get("image")
        if (kind is None or letter["aggregate"] == _NO_ID) and self._person.encode() in _uncompressed(image):
            self._unknown.append(letter["id"])
        if kind is None or not self._is_meant(letter["service"], letter["aggregate"], letter["version"]):
            self._named.add(name)
            return False
        changes: dict[str, Any] = {"error": {"S": ERASED}}
        if letter.get("history"):
            changes["history"] = encode(erased_history(letter["history"]))
        if "reason" in letter:
            changes["reason"] = {"S": ERASED}
        if image is not None and _differs(image, erased := erased_image(image, kind)):
            changes |= self._image_attributes(letter["id"], erased, in_s3=bool(name))
        if "image_object" in changes:
            self._replaced.add(name)
        self._named.add(changes.get("image_object", {}).get("S", name))
        if all(letter.get(each) == decode(value) for each, value in changes.items()):
            return False
        return self._update(letter, changes)

    def _image_attributes(self, id: str, image: bytes, *, in_s3: bool) -> dict[str, Any]:
        """The attributes that hold the image, or name its object in S3: the image stays where it was."""
        if not in_s3:
            return {"image": {"B": image}}
        name = f"{id}/{uuid.uuid4().hex}.json.gz"  # a new object, as whoever sets a record aside makes one
        self._runtime.s3.put_object(Bucket=self._bucket, Key=name, Body=image)
        return {"image_object": {"S": name}}

    def _update(self, letter: Mapping[str, Any], changes: Mapping[str, Any]) -> bool:
        """Write the changes, unless the record was handled or set aside again meanwhile: then it is erased already."""
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key={"id": {"S": letter["id"]}},
                ConditionExpression="#at = :at",
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in changes),
                ExpressionAttributeNames={f"#{name}": name for name in ("at", *changes)},
                ExpressionAttributeValues={
                    ":at": {"S": letter["at"]},
                    **{f":{name}": value for name, value in changes.items()},
                },
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def _read(self, name: str) -> bytes | None:
        if not self._bucket:
            return None
        try:
            body: bytes = self._runtime.s3.get_object(Bucket=self._bucket, Key=name)["Body"].read()
        except self._runtime.s3.exceptions.NoSuchKey:
            return None
        return body

    def _sweep_objects(self) -> tuple[int, list[str]]:
        """Remove every version of the person's images that no letter names. Returns how many, and the too young."""
        removed, young, now = 0, [], datetime.now(UTC)
        pages = self._runtime.s3.get_paginator("list_object_versions").paginate(Bucket=self._bucket)
        for page in pages:
            for found in page.get("Versions", []):
                name = found["Key"]
                if name in self._named or not self._is_image_of_person(name):
                    continue
                if found["IsLatest"] and now - found["LastModified"] < _BEING_WRITTEN and name not in self._replaced:
                    young.append(name)
                    continue
                self._runtime.s3.delete_object(Bucket=self._bucket, Key=name, VersionId=found["VersionId"])
                removed += 1
        return removed, young

    def _is_image_of_person(self, name: str) -> bool:
        id = name.rpartition("/")[0].removesuffix(f"#{REACTOR}")
        place, _, version = id.rpartition("#")
        service, _, aggregate = place.partition("#")
        counted = int(version) if version.isdecimal() and len(version) <= _LONGEST_VERSION else None
        return self._is_meant(service, aggregate, counted)

    def _batches(self) -> Iterator[str]:
        pages = self._runtime.s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=_BATCHES)
        for page in pages:
            for found in page.get("Contents", []):
                body = self._read(found["Key"])
                if body and self._person.encode() in body:
                    yield found["Key"]


def _uncompressed(image: bytes | None) -> bytes:
    try:
        return gzip.decompress(image or b"")
    except (OSError, EOFError, zlib.error):
        return image or b""


def _differs(image: bytes, erased: bytes) -> bool:
    return _uncompressed(image) != _uncompressed(erased)
