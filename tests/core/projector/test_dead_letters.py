"""The conformance suite of dead letters, for the table and the store in memory, and the table's additions."""

import os
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from chalicelib.core.dynamodb.codec import decode_item
from chalicelib.core.projector import DeadLetter, DeadLetters, DynamoDeadLetters
from chalicelib.core.streams.dead_letters import MAX_ID_BYTES, MAX_INLINE_BYTES, dead_letter, record_of
from chalicelib.core.streams.records import CommitRecord, RecordSource, UnreadableRecord, parse
from tests.core.histories import SERVICES, head, record
from tests.core.projecting import MemoryDeadLetters
from tests.support.stores import Tables

Read = Callable[[str], Mapping[str, Any] | None]


def letter(**changes: Any) -> DeadLetter:
    """Return a dead letter."""
    made: dict[str, Any] = {
        "id": "transfers#tra_1#6",
        "service": "transfers",
        "aggregate": "tra_1",
        "version": 6,
        "sequence": "100",
        "error": "DataError: too long",
        "at": "2026-11-23T10:00:00.000Z",
        "image": b"\x1f\x8b\x00",
    }
    return DeadLetter(**{**made, **changes})


def unreadable(id: str, sequence: str = "100") -> UnreadableRecord:
    """Return a record of a transfer that cannot be decoded."""
    raw = {**record("transfers", {"id": {"S": id}}), "eventID": "1"}
    raw["dynamodb"]["SequenceNumber"] = sequence
    return UnreadableRecord(RecordSource(0, sequence, SERVICES["test-transfers"], id, raw), ValueError("no"))


@pytest.fixture(params=["memory", "dynamodb"])
def port(request: pytest.FixtureRequest, tables: Tables) -> tuple[DeadLetters, Read]:
    """Return an implementation, and a function that reads what it stores."""
    if request.param == "memory":
        memory = MemoryDeadLetters()
        return memory, lambda id: memory.letters[id]._asdict() if id in memory.letters else None
    return DynamoDeadLetters(tables.client, tables.name("dead-letters")), lambda id: _item(tables, id)


def _item(tables: Tables, id: str) -> Mapping[str, Any] | None:
    item = tables.client.get_item(TableName=tables.name("dead-letters"), Key={"id": {"S": id}}).get("Item")
    return decode_item(item) if item else None


def test_kept_as_it_is(port: tuple[DeadLetters, Read]) -> None:
    """Every attribute comes back, and nothing else is there. An empty history may be left out."""
    dead, read = port
    dead.put(letter())
    found = read("transfers#tra_1#6")
    assert found is not None
    assert {"history": (), **found} == letter()._asdict()
    assert read("transfers#tra_1#7") is None


def test_the_same_record_again(port: tuple[DeadLetters, Read]) -> None:
    """A batch that comes again puts the same letter: only the later one is kept."""
    dead, read = port
    dead.put(letter())
    dead.put(letter(error="another"))
    found = read("transfers#tra_1#6")
    assert found is not None
    assert found["error"] == "another"


def test_without_a_version(port: tuple[DeadLetters, Read]) -> None:
    """A record that cannot be decoded has no version."""
    dead, read = port
    dead.put(letter(id="transfers#?#100", version=None))
    found = read("transfers#?#100")
    assert found is not None
    assert found["version"] is None


def test_an_image_too_large_for_an_item(tables: Tables) -> None:
    """The image goes to S3, and the item names it."""
    s3 = boto3.client("s3", endpoint_url=tables.endpoint)
    s3.create_bucket(Bucket="dead", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    image = os.urandom(MAX_INLINE_BYTES + 1)
    DynamoDeadLetters(tables.client, tables.name("dead-letters"), s3, "dead").put(letter(image=image))
    item = _item(tables, "transfers#tra_1#6")
    assert item is not None
    assert "image" not in item
    assert s3.get_object(Bucket="dead", Key=item["image_object"])["Body"].read() == image


def test_an_image_of_a_long_id(tables: Tables) -> None:
    """S3 accepts the object's name. Each object has another name, so that the older one can be removed separately."""
    s3 = boto3.client("s3", endpoint_url=tables.endpoint)
    s3.create_bucket(Bucket="long", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    dead = DynamoDeadLetters(tables.client, tables.name("dead-letters"), s3, "long")
    id = dead_letter(unreadable("ü" * 1020), ValueError("no"), "2026-11-23T10:00:00.000Z").id
    names = []
    for image in (os.urandom(MAX_INLINE_BYTES + 1), os.urandom(MAX_INLINE_BYTES + 2)):
        dead.put(letter(id=id, image=image))
        item = _item(tables, id)
        assert item is not None
        names.append(item["image_object"])
    assert len(set(names)) == 2
    assert max(len(name.encode()) for name in names) <= 1024


def test_ids() -> None:
    """An id names everything. If it is too long, it is cut and gets a digest, which is the same for the same record."""

    def id_of(id: str, sequence: str = "100", consumer: str = "projector") -> str:
        return dead_letter(unreadable(id, sequence), ValueError("no"), "2026-11-23T10:00:00.000Z", consumer).id

    assert id_of("tra_1") == "transfers#tra_1#100"
    assert id_of("tra_1", consumer="reactor") == "transfers#tra_1#100#reactor"
    longest = "é" * 1024  # the most bytes of a partition key
    ids = {
        id_of(longest),
        id_of(longest, "101"),
        id_of(longest[1:] + "e"),
        id_of(longest, consumer="reactor"),
        id_of(longest, f"{longest}@?"),
    }
    assert len(ids) == 5
    assert all(id.startswith("transfers#éé") and len(id.encode()) <= MAX_ID_BYTES for id in ids)
    assert id_of(longest) in ids


def test_an_image_too_large_without_a_bucket(tables: Tables) -> None:
    """It is refused with what to do, so that the record comes again and is not lost."""
    dead = DynamoDeadLetters(tables.client, tables.name("dead-letters"))
    with pytest.raises(ValueError, match="DEAD_LETTER_BUCKET"):
        dead.put(letter(image=bytes(MAX_INLINE_BYTES + 1)))
    assert _item(tables, "transfers#tra_1#6") is None


def test_an_erasure_between_look_and_write(tables: Tables) -> None:
    """A letter that was written while its aggregate was erased is written again without personal data."""

    class Late(DynamoDeadLetters):
        """A client whose first write comes just before an erasure's mark, and after the erasure's look for letters."""

        def _write(self, letter: DeadLetter) -> None:
            super()._write(letter)
            self.mark_erased("transfers", "tra_1", 6, "2026-11-23T10:00:00.000Z")

    services = {service.name: service for service in SERVICES.values()}
    dead = Late(tables.client, tables.name("dead-letters"), services=services)
    state = {"owner": "usr_1", "status": "cancelled", "reason": "Ada asked for it"}
    for version, left in ((6, False), (7, True)):
        (entry,) = parse([record("transfers", head("tra_1", version, state))], SERVICES)
        assert isinstance(entry, CommitRecord)
        made = dead_letter(entry, ValueError("no"), "2026-11-23T10:00:00Z")
        dead.put(made)
        kept = _item(tables, made.id)
        assert kept is not None
        assert ("Ada" in str(record_of(kept["image"]))) is left
