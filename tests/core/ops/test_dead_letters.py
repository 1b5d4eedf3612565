"""Dead letters on the command line: shown, redriven in the right order, discarded."""

import base64
import gzip
import json
import os
from collections.abc import Callable
from typing import Any

from chalicelib.core.operations.check import check_all
from chalicelib.core.operations.dead_letters.letters import Letters
from chalicelib.core.projector import DeadLetter, DynamoDeadLetters
from chalicelib.core.runtime import Runtime
from chalicelib.core.settings import Settings
from local import aws
from tests.core.bootstrap import PERMISSIONS, SERVICES
from tests.core.ops.world import World, transfer
from tests.core.reading import summaries

WHY = ("--reason", "A transfer of the opening day's test.")
TOO_LONG: dict[str, Any] = {"reason": "x" * 501}


def versions(world: World) -> dict[str, int]:
    """Return the version that is shown for each transfer."""
    return {id: version for id, version in world.sql("SELECT id, version FROM transfers")}  # noqa: C416  (typed)


def poisoned(world: World) -> None:
    """Write a shown transfer with poison before and after its version, and another one with only poison."""
    commits = [transfer("tra_1", 1), transfer("tra_1", 2, **TOO_LONG), transfer("tra_1", 3, "settled")]
    for commit in [*commits, transfer("tra_1", 4, "cancelled", **TOO_LONG), transfer("tra_2", 1, **TOO_LONG)]:
        world.commit(commit)
    world.commit(transfer("tra_2", 2, "settled", **TOO_LONG))


def test_there_are_none(world: World) -> None:
    """The empty list is a sentence, or JSON."""
    assert "no dead letters" in world.ops("dead-letters", "list").out
    assert world.ops("dead-letters", "list", "--json").json == {"dead_letters": []}


def test_list_and_show(world: World) -> None:
    """The list has each error, and a single letter is shown with its record."""
    poisoned(world)
    listed = world.ops("dead-letters", "list", "--json").json["dead_letters"]
    assert {letter["id"] for letter in listed} == {
        "transfers#tra_1#2",
        "transfers#tra_1#4",
        "transfers#tra_2#1",
        "transfers#tra_2#2",
    }
    assert all("reason" in letter["error"] for letter in listed)
    shown = world.ops("dead-letters", "show", "transfers#tra_1#4", "--json").json
    assert shown["record"]["dynamodb"]["NewImage"]["version"] == {"N": "4"}
    readable = world.ops("dead-letters", "show", "transfers#tra_1#4").out
    assert "transfers#tra_1#4" in readable
    assert '"status": "cancelled"' in readable


def test_redriven_too_early(world: World) -> None:
    """The letters are refused again and stay, and the exit code says so."""
    poisoned(world)
    done = world.ops("dead-letters", "redrive", "--all", "--json")
    # Version 2 is older than the shown one, so nothing of it is refused any more.
    assert (done.code, done.json["redriven"]) == (1, 1)
    left = {letter["id"] for letter in world.ops("dead-letters", "list", "--json").json["dead_letters"]}
    assert left == {letter["id"] for letter in done.json["refused"]}
    assert left == {"transfers#tra_1#4", "transfers#tra_2#1", "transfers#tra_2#2"}
    assert versions(world) == {"tra_1": 3}


def test_redriven_after_the_fix(world: World) -> None:
    """In the order of versions: newer ones than the shown one are shown, older ones only complete the timeline."""
    poisoned(world)
    world.sql("ALTER TABLE transfers MODIFY reason VARCHAR(600) NULL")
    try:
        done = world.ops("dead-letters", "redrive", "--all")
        assert (done.code, done.err) == (0, done.err)
        assert "4 handled, 0 refused" in done.out
        assert versions(world) == {"tra_1": 4, "tra_2": 2}
        assert world.sql("SELECT status FROM transfers ORDER BY id") == (("cancelled",), ("settled",))
        kept, sums = summaries(world.url)
        assert kept == sums
        assert world.ops("dead-letters", "list", "--json").json == {"dead_letters": []}
        assert world.verify()[1] == []
    finally:
        world.sql("DELETE FROM transfers")
        world.sql("ALTER TABLE transfers MODIFY reason VARCHAR(500) NULL")


def test_redrive_one(world: World) -> None:
    """The other letters stay."""
    poisoned(world)
    world.sql("ALTER TABLE transfers MODIFY reason VARCHAR(600) NULL")
    try:
        assert world.ops("dead-letters", "redrive", "transfers#tra_2#1").code == 0
        assert versions(world) == {"tra_1": 3, "tra_2": 1}
        assert len(world.ops("dead-letters", "list", "--json").json["dead_letters"]) == 3
    finally:
        world.sql("DELETE FROM transfers")
        world.sql("ALTER TABLE transfers MODIFY reason VARCHAR(500) NULL")


def test_an_image_in_s3(world: World) -> None:
    """A letter that is too large for an item is shown, redriven and removed with its object."""
    bucket = f"{world.tables.prefix}letters"
    aws.create_bucket(world.tables.endpoint, bucket)
    s3 = aws.s3(world.tables.endpoint)
    raw = {**world.record(*transfer("tra_1")), "padding": base64.b64encode(os.urandom(400_000)).decode()}
    letter = DeadLetter(
        id="transfers#tra_1#1",
        service="transfers",
        aggregate="tra_1",
        version=1,
        sequence="100",
        error="DataError: too long",
        at="2026-11-23T10:00:00.000Z",
        image=gzip.compress(json.dumps(raw).encode()),
    )
    DynamoDeadLetters(world.tables.client, world.tables.name("dead-letters"), s3, bucket).put(letter)
    assert "DEAD_LETTER_BUCKET" in world.ops("dead-letters", "show", letter.id).err
    elsewhere = world.ops("dead-letters", "redrive", letter.id, "--json", DEAD_LETTER_BUCKET=f"{bucket}-elsewhere")
    (refused,) = elsewhere.json["refused"]
    assert "try again" in refused["error"]
    assert "discard" not in refused["error"]
    assert world.ops("dead-letters", "redrive", letter.id, DEAD_LETTER_BUCKET=bucket).code == 0
    assert versions(world) == {"tra_1": 1}
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def letter(id: str, image: bytes, aggregate: str = "tra_0") -> DeadLetter:
    """Return a letter of a transfer that comes before the others."""
    return DeadLetter(id, "transfers", aggregate, 1, "100", "DataError: too long", "2026-11-23T10:00:00.000Z", image)


def compressed(record: dict[str, Any]) -> bytes:
    """Return an image as it is set aside."""
    return gzip.compress(json.dumps(record).encode())


class Racing:
    """An S3 client during which the letter is set aside again, just before an object is removed."""

    def __init__(self, s3: Any, put: Callable[[], None]) -> None:
        self._s3 = s3
        self._put = put

    def delete_object(self, **request: Any) -> None:
        """Remove the object, a moment later."""
        self._put()
        self._s3.delete_object(**request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)


def test_set_aside_anew_while_it_is_removed(world: World) -> None:
    """A batch that comes again puts the same letter. Its image is not removed with the older one's."""
    bucket = f"{world.tables.prefix}letters"
    aws.create_bucket(world.tables.endpoint, bucket)
    s3 = aws.s3(world.tables.endpoint)
    dead = DynamoDeadLetters(world.tables.client, world.tables.name("dead-letters"), s3, bucket)
    record = {**world.record(*transfer("tra_0")), "padding": base64.b64encode(os.urandom(400_000)).decode()}
    first = letter("transfers#tra_0#1", compressed(record))
    second = first._replace(at="2026-11-23T10:00:01.000Z")
    settings = Settings(dead_letter_table=world.tables.name("dead-letters"), dead_letter_bucket=bucket)
    runtime = Runtime(settings, {}, PERMISSIONS, lambda _: {})
    runtime.once("dynamodb", lambda: world.tables.client)
    runtime.once("s3", lambda: Racing(s3, lambda: dead.put(second)))
    dead.put(first)
    letters = Letters(runtime)
    assert letters.remove(letters.find(first.id))
    found, kept = letters.get(first.id)
    assert (found.at, kept) == (second.at, record)


def test_what_cannot_be_read(world: World) -> None:
    """A missing image, a broken one, and a record of no known table are reported. The rest is handled."""
    poisoned(world)
    bucket = f"{world.tables.prefix}letters"
    aws.create_bucket(world.tables.endpoint, bucket)
    s3 = aws.s3(world.tables.endpoint)
    dead = DynamoDeadLetters(world.tables.client, world.tables.name("dead-letters"), s3, bucket)
    stranger = {**world.record(*transfer("tra_0")), "eventSourceARN": "arn:aws:dynamodb:::table/other/stream/1"}
    dead.put(letter("transfers#tra_0#1", os.urandom(400_000)))
    dead.put(letter("transfers#tra_0#2", b"no gzip"))
    dead.put(letter("transfers#tra_00#1", compressed(stranger), "tra_00"))
    (image,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    s3.delete_object(Bucket=bucket, Key=image["Key"])
    world.sql("ALTER TABLE transfers MODIFY reason VARCHAR(600) NULL")
    try:
        done = world.ops("dead-letters", "redrive", "--all", "--json", DEAD_LETTER_BUCKET=bucket)
        assert (done.code, done.json["redriven"]) == (1, 4)
        refused = {outcome["id"]: outcome["error"] for outcome in done.json["refused"]}
        assert sorted(refused) == ["transfers#tra_0#1", "transfers#tra_0#2", "transfers#tra_00#1"]
        assert "NoSuchKey" in refused["transfers#tra_0#1"]
        assert "ops verify --repair" in refused["transfers#tra_0#2"]
        assert "no service owns" in refused["transfers#tra_00#1"]
        assert versions(world) == {"tra_1": 4, "tra_2": 2}
    finally:
        world.sql("DELETE FROM transfers")
        world.sql("ALTER TABLE transfers MODIFY reason VARCHAR(500) NULL")
    assert "DEAD_LETTER_BUCKET" in world.ops("dead-letters", "discard", "transfers#tra_0#1", "--yes", *WHY).err
    discard = ("dead-letters", "discard", "transfers#tra_0#1", "transfers#tra_0#2", "--yes", "--json", *WHY)
    assert world.ops(*discard, DEAD_LETTER_BUCKET=bucket).json == {"discarded": 2}
    (left,) = world.ops("dead-letters", "list", "--json").json["dead_letters"]
    assert left["id"] == "transfers#tra_00#1"


NO_RECORDS: tuple[Any, ...] = ({}, [], "erased", None, {"dynamodb": 5}, {"dynamodb": {"Keys": []}})


def test_an_image_that_holds_no_record(world: World) -> None:
    """An erasure leaves {} of an image that it cannot read. It is reported, and those behind it are handled."""
    dead = DynamoDeadLetters(world.tables.client, world.tables.name("dead-letters"))
    for number, image in enumerate(NO_RECORDS):
        dead.put(letter(f"transfers#tra_{number}#1", compressed(image), f"tra_{number}"))
    dead.put(letter("transfers#tra_9#1", compressed(world.record(*transfer("tra_9"))), "tra_9"))
    done = world.ops("dead-letters", "redrive", "--all", "--json")
    assert (done.code, done.json["redriven"]) == (1, 1), done.err
    refused = {outcome["id"]: outcome["error"] for outcome in done.json["refused"]}
    assert sorted(refused) == [f"transfers#tra_{number}#1" for number in range(len(NO_RECORDS))]
    assert all("holds no record" in error and "verify --repair" in error for error in refused.values())
    assert versions(world) == {"tra_9": 1}
    assert "holds no record" in world.ops("dead-letters", "show", "transfers#tra_0#1").err


def test_refused_again_by_another_name(world: World) -> None:
    """It could not be decoded, and now its rows are refused: no success, and one letter, with its version."""
    record = world.record(*transfer("tra_1", 7, **TOO_LONG))
    sequence = record["dynamodb"]["SequenceNumber"]
    undecodable = letter(f"transfers#tra_1#{sequence}", compressed(record), "tra_1")
    undecodable = undecodable._replace(version=None, sequence=sequence)
    DynamoDeadLetters(world.tables.client, world.tables.name("dead-letters")).put(undecodable)
    done = world.ops("dead-letters", "redrive", "--all", "--json")
    assert (done.code, done.json["redriven"]) == (1, 0)
    (refused,) = done.json["refused"]
    assert refused["id"] == undecodable.id
    assert "transfers#tra_1#7" in refused["error"]
    (left,) = world.ops("dead-letters", "list", "--json").json["dead_letters"]
    assert (left["id"], left["version"], left["sequence"]) == ("transfers#tra_1#7", 7, sequence)
    assert world.ops("dead-letters", "redrive", "--all").code == 1


def test_discard(world: World) -> None:
    """After a question, the letter leaves the list and is not redriven. Person and reason are kept, but no record."""
    poisoned(world)
    assert world.ops("dead-letters", "discard", "--all", *WHY, typed="n\n").code == 130
    assert "--reason" in world.ops("dead-letters", "discard", "--all", "--yes").err
    assert "A reason has" in world.ops("dead-letters", "discard", "--all", "--yes", "--reason", " ").err
    discard = ("dead-letters", "discard", "transfers#tra_1#2", "transfers#tra_1#4", "--yes", "--json", *WHY)
    assert world.ops(*discard, LOGNAME="ada").json == {"discarded": 2}
    assert world.ops(*discard, LOGNAME="bob").json == {"discarded": 0}
    left = world.ops("dead-letters", "list", "--json").json["dead_letters"]
    assert {letter["id"] for letter in left} == {"transfers#tra_2#1", "transfers#tra_2#2"}
    kept = world.ops("dead-letters", "list", "--discarded", "--json").json["dead_letters"]
    assert {(letter["id"], letter["reason"], letter["discarded_by"]) for letter in kept} == {
        ("transfers#tra_1#2", WHY[1], "ada"),
        ("transfers#tra_1#4", WHY[1], "ada"),
    }
    assert WHY[1] in world.ops("dead-letters", "list", "--discarded").out
    assert (
        f"discarded by ada at {kept[0]['discarded_at']}: {WHY[1]}"
        in world.ops("dead-letters", "show", kept[0]["id"]).err
    )
    assert [item["id"] for item in world.tables.items("dead-letters") if {"discarded_at", "image"} <= set(item)] == []
    assert len(world.ops("dead-letters", "redrive", "--all", "--json").json["refused"]) == 2


def test_a_discarded_letter_is_not_counted(world: World) -> None:
    """GET /status and its alarm count only open letters."""
    poisoned(world)
    settings = Settings(
        table_prefix=world.tables.prefix, dead_letter_table=world.tables.name("dead-letters"), database_url=world.url
    )
    runtime = Runtime(settings, SERVICES, PERMISSIONS, lambda _: {})
    runtime.once("dynamodb", lambda: world.tables.client)
    letters = Letters(runtime)
    assert letters.discard(letters.find("transfers#tra_1#2"), WHY[1], "ada")
    check_all(runtime)
    assert world.sql("SELECT dead_letters FROM service_status WHERE service = 'transfers'") == ((3,),)


def test_a_discarded_letter_that_is_set_aside_again(world: World) -> None:
    """The letter is open again."""
    commit = transfer("tra_1", 1, **TOO_LONG)
    world.commit(commit)
    assert world.ops("dead-letters", "discard", "--all", "--yes", "--json", *WHY).json == {"discarded": 1}
    assert world.project(commit) == []
    (letter,) = world.ops("dead-letters", "list", "--json").json["dead_letters"]
    assert (letter["discarded_at"], letter["reason"]) == ("", "")
    assert world.ops("dead-letters", "show", letter["id"], "--json").json["record"]["dynamodb"]["NewImage"]


def test_what_is_not_there(world: World) -> None:
    """A missing letter is named with what to do next. A command without a letter does nothing."""
    done = world.ops("dead-letters", "show", "transfers#nobody#1")
    assert (done.code, done.out) == (3, "")
    assert "transfers#nobody#1" in done.err
    assert "dead-letters list" in done.err
    assert "Name the letters" in world.ops("dead-letters", "redrive").err
