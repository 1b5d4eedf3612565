"""After `ops erase`, a person is in no store, except where the output says so. Others and all figures stay."""

import gzip
import json
import os
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from msgspec.structs import replace

from chalicelib.core.commands.pipeline import Envelope, run
from chalicelib.core.dynamodb.codec import decode_item, encode_item, head_of, item_of
from chalicelib.core.dynamodb.store import DynamoStore
from chalicelib.core.service import ERASED, Head
from chalicelib.core.streams.dead_letters import (
    MAX_INLINE_BYTES,
    PROJECTOR,
    REACTOR,
    DeadLetter,
    DynamoDeadLetters,
    dead_letter,
)
from chalicelib.core.streams.records import CommitRecord, UnreadableRecord, parse
from tests.core.domain.accounts.commands import ChangeDetails
from tests.core.ops.world import Commit, World, account
from tests.core.ops.world import transfer as made_transfer
from tests.core.reading import summaries
from tests.support.everywhere import places_of

pytestmark = pytest.mark.slow

PERSON = "usr_ada"
AT = "2026-11-23T10:00:00.000Z"
WORDS = ("lovelace", "byron", "menabrea", "babbage")


def opened(number: str, name: str, version: int = 1, owner: str = PERSON, **changes: Any) -> Commit:
    """Return a commit that opens an account."""
    note = "Of Byron's daughter" if owner == PERSON else ""
    service, head = account(number, version, owner=owner, name=name, note=note)
    data = {"owner": owner, "name": name, "at": head.at, "note": note}
    return service, replace(head, events=[{"type": "AccountOpened", "data": data}], **changes)


def renamed(number: str, name: str, version: int = 2) -> Commit:
    """Return a commit that changes an account's name."""
    service, head = opened(number, name, version)
    return service, replace(head, events=[{"type": "AccountChanged", "data": {"changes": {"name": name}}}])


def transfer(id: str, version: int = 1, **changes: Any) -> Commit:
    """Return a commit of a transfer, stored as a command stores it: without fields that are None."""
    service, head = made_transfer(id, version, **changes)
    state = {name: value for name, value in head.state.items() if value is not None}
    return service, replace(head, state=state, events=[{"type": "TransferSettled", "data": {}}])


def cancelled(id: str, version: int = 2, owner: str = PERSON) -> Commit:
    """Return a commit that cancels a transfer, with a reason in free text."""
    service, head = transfer(id, version, status="cancelled", owner=owner, reason="Menabrea asked for it")
    data = {"was": "requested", "reason": "Menabrea asked for it"}
    return service, replace(head, events=[{"type": "TransferCancelled", "data": data}])


class Ada:
    """A person in all stores, and her deployment."""

    def __init__(self, world: World, bucket: str) -> None:
        self.world = world
        self.bucket = bucket
        self.s3 = boto3.client("s3", endpoint_url=world.tables.endpoint)
        self.dead = DynamoDeadLetters(
            world.tables.client, world.tables.name("dead-letters"), self.s3, bucket, world.tables.domain.services
        )

    def erase(self, person: str = PERSON, *, code: int = 0) -> Any:
        """Erase the person, and return the command's output."""
        done = self.world.ops("erase", person, "--yes", "--json", DEAD_LETTER_BUCKET=self.bucket)
        assert done.code == code, done.err
        return done.json

    def places(self, *words: str) -> list[str]:
        """Return the places where she is."""
        return places_of(words or WORDS, self.world.tables, self.world.url, self.bucket)

    def item(self, service: str, id: str) -> Head:
        """Return a head as it is stored."""
        key = {"id": {"S": id}}
        item = self.world.tables.client.get_item(TableName=self.world.tables.name(service), Key=key)["Item"]
        return head_of(item, self.world.tables.domain.services[service])

    def set_aside(self, commit: Commit, consumer: str = PROJECTOR, *, padded: bool = False) -> str:
        """Set a commit aside, and return the letter's id. A padded image is too large for an item."""
        service, head = commit
        if padded:
            head = replace(head, state={**head.state, "legacy": os.urandom(MAX_INLINE_BYTES).hex()})
        tables = {self.world.tables.name(each.name): each for each in self.world.services}
        (entry,) = parse([self.world.record(service, head)], tables)
        assert isinstance(entry, CommitRecord | UnreadableRecord)
        letter = dead_letter(entry, ValueError("Babbage"), head.at, consumer)
        quoted = "Babbage" if head.state["owner"] == PERSON else "Hopper"
        self.dead.put(letter._replace(error=f"DataError: {quoted!r} is too long"))
        return letter.id

    def claim(self, id: str, owner: str) -> None:
        """Return a claim."""
        item = encode_item({"id": id, "owner": owner, "commit": f"c-{id}"})
        self.world.tables.client.put_item(TableName=self.world.tables.name("accounts"), Item=item)

    def keep_response(self, id: str, body: dict[str, Any], seconds: int = 3600) -> None:
        """Return a response under an idempotency key."""
        response = {"status": 200, "headers": {}, "body": json.dumps(body)}
        kept = {
            "id": id,
            "fingerprint": "f",
            "response": response,
            "expires_at": int(time.time()) + seconds,
            "commit": "c",
        }
        self.world.tables.client.put_item(TableName=self.world.tables.name("accounts"), Item=encode_item(kept))

    def ops(self, *arguments: str) -> Any:
        """Run a command that must succeed, and return its JSON."""
        done = self.world.ops(*arguments, "--json", DEAD_LETTER_BUCKET=self.bucket)
        assert done.code == 0, done.err
        return done.json


@pytest.fixture
def bucket(world: World) -> str:
    """Yield a bucket for large images that keeps versions, as the deployment's does."""
    s3 = boto3.client("s3", endpoint_url=world.tables.endpoint)
    name = f"{world.tables.prefix}dead"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@pytest.fixture
def ada(world: World, bucket: str) -> Ada:
    """Write Ada and Grace, each with an account and transfers."""
    world.commit(
        opened("A-1", "Lovelace"),
        renamed("A-1", "Ada Lovelace"),
        opened("G-1", "Grace", owner="usr_grace"),
        transfer("tra_1", status="requested", owner=PERSON),
        cancelled("tra_1"),
        transfer("tra_2", status="settled", owner=PERSON),
        transfer("tra_3", status="settled", owner="usr_grace", reason="kept"),
    )
    return Ada(world, bucket)


def test_she_is_nowhere(ada: Ada) -> None:
    """The search covers items, rows, words, timeline, claims, all letters, and all versions of objects."""
    before = summaries(ada.world.url)
    ada.claim("claim#name#ada lovelace", "A-1")
    ada.claim("claim#name#grace", "G-1")
    ada.set_aside(opened("A-1", "Lovelace"))
    ada.set_aside(cancelled("tra_1"), REACTOR)
    ada.set_aside(renamed("A-1", "Lovelace"), padded=True)
    ada.set_aside(renamed("A-1", "Byron"), padded=True)  # once more, since the first image has no letter any more
    given_up = ada.set_aside(cancelled("tra_1", version=1))
    ada.set_aside(opened("G-1", "Grace", owner="usr_grace"))
    ada.ops("dead-letters", "discard", given_up, "--reason", "Babbage said so", "--yes")
    assert len(ada.places()) > 10
    grace_before = ada.places("grace")
    report = ada.erase()
    assert [place for place in ada.places() if not place.startswith("s3: ")] == []
    assert report["aggregates"] == {"accounts": 1, "transfers": 2}
    assert (report["committed"], report["claims"], report["faults"]) == (2, 0, {})
    assert summaries(ada.world.url) == before
    (young,) = [each for each in report["remains"] if each["what"] == "an image without a letter"]
    assert {place.split()[1] for place in ada.places()} == {young["where"].removeprefix(f"s3://{ada.bucket}/")}
    assert grace_before == ada.places("grace")
    _, found = ada.world.verify()
    assert found == []


def test_again(ada: Ada) -> None:
    """A second run finds nothing to do, and reports the same remaining places."""
    ada.set_aside(cancelled("tra_1"), padded=True)
    first, places = ada.erase(), ada.places("usr_ada")
    again = ada.erase()
    assert (again["committed"], again["timeline"]) == (0, 0)
    assert (again["letters"]["letters"], again["letters"]["objects"]) == (0, 0)
    assert again["aggregates"] == first["aggregates"]
    assert [each["what"] for each in again["remains"]] == [each["what"] for each in first["remains"]]
    assert ada.places("usr_ada") == places


def test_what_it_says(ada: Ada) -> None:
    """The output names the stack, the progress, the result, and what remains where and until when."""
    ada.keep_response("claim#key#usr_ada#k-1", {"id": "A-1", "name": "Ada Lovelace"})
    ada.keep_response("claim#key#clerk#k-2", {"owner": PERSON, "name": "Ada Lovelace"}, seconds=7200)
    ada.keep_response("claim#key#clerk#k-4", {"id": "A-1", "name": "Ada Lovelace"})
    ada.keep_response("claim#key#clerk#k-3", {"owner": "usr_grace"})
    ada.s3.put_object(Bucket=ada.bucket, Key="aws/lambda/batch-1", Body=b'{"owner": "usr_ada"}')
    ada.s3.put_object(Bucket=ada.bucket, Key="aws/lambda/batch-2", Body=b'{"owner": "usr_grace"}')
    image = gzip.compress(b'{"owner": "usr_ada"}')
    for service in ("accounts", "gone"):
        ada.dead.put(DeadLetter(f"{service}#?#7", service, "?", None, "7", "no id", AT, image))
    done = ada.world.ops("erase", PERSON, typed="y\n", DEAD_LETTER_BUCKET=ada.bucket)
    assert done.code == 0
    assert f"Stack: tables {ada.world.tables.prefix}*" in done.err
    assert "accounts: scan: " in done.err
    assert "Erase the personal data of usr_ada for good?" in done.err
    assert "Aggregates: 1 of accounts, 2 of transfers; 2 erased now." in done.out
    assert f"3 kept responses (idempotency keys)  table {ada.world.tables.name('accounts')}" in done.out
    assert "aws/lambda/batch-1" in done.out
    assert "batch-2" not in done.out
    assert "accounts#?#7" in done.out
    assert "gone#?#7" in done.out
    assert sorted(ada.places()) == [f"accounts: claim#key#{key}" for key in ("clerk#k-2", "clerk#k-4", "usr_ada#k-1")]


@pytest.mark.parametrize("person", ["usr_nobody", "A-1", "usr_ada ", "Usr_ada", "tra_1"])
def test_nobody(ada: Ada, person: str) -> None:
    """An id of nobody is refused with what to do, and nothing is changed."""
    before = ada.item("accounts", "A-1"), ada.item("transfers", "tra_1")
    done = ada.world.ops("erase", person, "--yes")
    assert done.code == 3
    assert f"Nothing belongs to {person!r}." in done.err
    assert "Give the id of a person: `owner` of accounts, `owner` of transfers." in done.err
    assert (ada.item("accounts", "A-1"), ada.item("transfers", "tra_1")) == before


def test_without_consent(ada: Ada) -> None:
    """Nothing is erased without consent."""
    assert ada.world.ops("erase", PERSON, typed="n\n").code == 130
    assert ada.item("accounts", "A-1").version == 2


def test_what_the_read_model_does_not_know_of(ada: Ada) -> None:
    """The scan finds the item and its claims, and the read model shows it without personal data."""
    ada.world.write(opened("A-2", "Byron"))
    ada.claim("claim#name#byron", "A-2")
    ada.claim("claim#name#menabrea", "A-2")  # no value in its state corresponds to this claim
    report = ada.erase()
    assert (report["aggregates"], report["claims"]) == ({"accounts": 2, "transfers": 2}, 1)
    assert ada.places() == []
    assert ada.world.sql("SELECT name, note FROM accounts WHERE id = 'A-2'") == ((ERASED, ERASED),)


def test_a_late_record(ada: Ada) -> None:
    """An earlier record that comes late adds to the timeline without personal data."""
    ada.world.write(opened("A-2", "Byron", version=2))
    ada.erase()
    assert ada.world.project(opened("A-1", "Lovelace"), renamed("A-1", "Byron"), opened("A-2", "Byron")) == []
    assert ada.places() == []
    assert ada.world.sql("SELECT version FROM timeline WHERE id = 'A-2' ORDER BY version") == ((1,), (3,))
    assert ada.world.project(renamed("A-2", "Menabrea", version=4)) == []
    assert len(ada.places()) == 3  # later records are her new data: a row, its words and the timeline


def test_a_late_record_that_is_poison(ada: Ada) -> None:
    """It is set aside without personal data, whether or not it can be read, also by the reactor."""
    ada.erase()
    ada.set_aside(renamed("A-1", "Byron"))
    ada.set_aside(cancelled("tra_1"), REACTOR)
    service, broken = opened("A-1", "Byron")
    record = ada.world.record(service, broken)
    del record["dynamodb"]["NewImage"]["commit"]
    tables = {ada.world.tables.name(each.name): each for each in ada.world.services}
    (entry,) = parse([record], tables)
    assert isinstance(entry, UnreadableRecord)
    ada.dead.put(dead_letter(entry, entry.error, broken.at))
    assert ada.places("lovelace", "byron", "menabrea") == []
    assert len(ada.places("dead-letters: ")) == 6  # three letters, three marks


def test_what_earlier_redrives_said(ada: Ada) -> None:
    """A letter's error, and the errors that it had before, become "(erased)", also in a letter that is put later."""
    service = "accounts"
    earlier = {"at": AT, "error": "Rejected: Babbage has it", "redriven_at": AT, "redriven_by": "usr_chief"}
    letter = DeadLetter(
        f"{service}#A-1#1", service, "A-1", 1, "7", "Rejected: Babbage", AT, gzip.compress(b"{}"), PROJECTOR, [earlier]
    )
    ada.dead.put(letter)
    ada.erase()
    assert ada.places("babbage") == []
    ada.dead.put(letter)
    ada.dead.put(letter._replace(id=f"{service}#A-1#9", version=9, history=(), error="hers of later"))
    assert ada.places("babbage") == []
    key = {"id": {"S": letter.id}}
    found = ada.world.tables.client.get_item(TableName=ada.world.tables.name("dead-letters"), Key=key)["Item"]
    assert decode_item(found)["history"] == [{**earlier, "error": ERASED}]
    assert len(ada.places("hers of later")) == 1


def test_a_late_record_that_is_no_record(ada: Ada) -> None:
    """A late record whose events are none keeps no other waiting, and what it holds is erased."""
    service, head = opened("A-1", "Lovelace")
    ada.erase()
    ada.world.sql("DELETE FROM timeline WHERE id = 'A-1' AND version = 1")
    broken: list[dict[str, Any]] = [{"name": "Byron"}, {"type": "AccountClosed", "data": {}, "by": "Menabrea"}]
    assert ada.world.project((service, replace(head, events=broken))) == []
    assert ada.places() == []
    assert ada.world.sql("SELECT COUNT(*) FROM timeline WHERE id = 'A-1'") == ((3,),)


def test_a_dead_letter_of_before(ada: Ada) -> None:
    """A letter of before that is redriven after the erasure brings nothing back, even if it was kept as it was."""
    letter = ada.set_aside(opened("A-1", "Lovelace"))
    kept = ada.world.tables.client.get_item(TableName=ada.world.tables.name("dead-letters"), Key={"id": {"S": letter}})
    ada.erase()
    assert ada.places() == []
    ada.world.tables.client.put_item(TableName=ada.world.tables.name("dead-letters"), Item=kept["Item"])
    ada.world.sql("DELETE FROM timeline WHERE id = 'A-1' AND version = 1")
    assert ada.ops("dead-letters", "redrive", letter)["redriven"] == 1
    assert ada.places() == []
    assert ada.world.sql("SELECT COUNT(*) FROM timeline WHERE id = 'A-1'") == ((3,),)


def test_as_a_command_in_the_timeline(ada: Ada) -> None:
    """The timeline shows who erased, and that the earlier commits were erased."""
    ada.erase()
    rows = ada.world.sql("SELECT version, command, actor, events FROM timeline WHERE id = 'A-1' ORDER BY version")
    assert [row[0] for row in rows] == [1, 2, 3]
    assert rows[2][1] == "accounts.erase"
    assert rows[2][2]
    assert rows[2][3] == '[{"type":"PersonalDataErased","data":{}}]'
    assert '"changes":{"name":"(erased)"}' in rows[1][3]


def test_a_race_with_her_own_command(ada: Ada) -> None:
    """A command that has read data before they are erased decides again, and brings nothing back."""
    service = ada.world.tables.domain.services["accounts"]
    store = DynamoStore(ada.world.tables.client, ada.world.tables.name("accounts"), service)
    raced: list[Any] = []

    class Racing:
        """A store that lets the erasure in between the read and the write, once."""

        def load(self, ids: Any) -> Any:
            heads = store.load(ids)
            if not raced:
                raced.append(ada.erase())
            return heads

        kept_response, commit = staticmethod(store.kept_response), staticmethod(store.commit)

    envelope = Envelope("accounts.change", ChangeDetails(note="new"), ("A-1",), PERSON, AT)
    run(service, Racing(), envelope, lambda _: {})  # type: ignore[arg-type]
    head = ada.item("accounts", "A-1")
    assert (head.version, head.state["name"], head.state["note"]) == (4, ERASED, "new")
    assert ada.places() == []


def test_an_erasure_that_loses_the_race(ada: Ada) -> None:
    """A command between its read and its write makes the erasure read again, and erase that command's data too."""
    assert ada.erase()["committed"] == 2
    ada.world.commit(renamed("A-1", "Byron", version=4))
    assert ada.erase()["committed"] == 1
    assert ada.places() == []
    assert ada.world.sql("SELECT version FROM erasures WHERE id = 'A-1'") == ((5,),)
    assert ada.dead.erased_through("accounts", "A-1") == 5


def test_erased_names_are_not_unique(ada: Ada) -> None:
    """An erased account can be used further, since no claim is left."""
    ada.world.commit(opened("A-2", "Byron"))
    ada.erase()
    service = ada.world.tables.domain.services["accounts"]
    store = DynamoStore(ada.world.tables.client, ada.world.tables.name("accounts"), service)
    for number in ("A-1", "A-2"):
        envelope = Envelope("accounts.change", ChangeDetails(name=f"n-{number}"), (number,), "c", AT)
        run(service, store, envelope, lambda _: {})
    assert {item["id"]["S"] for item in ada.world.tables.items("accounts")} >= {"claim#name#n-a-1", "claim#name#n-a-2"}


def test_an_item_that_cannot_be_read(ada: Ada) -> None:
    """The item is named, the rest is erased, and the exit code is 1."""
    service, head = opened("A-9", "Byron")
    item = {name: value for name, value in item_of(head).items() if name != "commit"}
    ada.world.tables.client.put_item(TableName=ada.world.tables.name(service), Item=item)
    report = ada.erase(code=1)
    assert report["faults"] == {"accounts A-9": "Undecodable: Object missing required field `commit`"}
    assert ada.places() == ["accounts: A-9"]


def test_beside_a_rebuild(ada: Ada) -> None:
    """A stopped rebuild has data of its own, so it has to be ended first."""
    ada.world.sql("UPDATE generations SET building = 1 WHERE service = 'accounts'")
    done = ada.world.ops("erase", PERSON, "--yes")
    assert done.code == 3
    assert "`python -m ops rebuild --resume` ends it" in done.err


def test_killed_half_way(ada: Ada) -> None:
    """The command is killed between two commits, then between two marks, and run again: she is nowhere."""
    ada.world.commit(*(cancelled(f"tra_{100 + number}", 1) for number in range(300)))

    def killed_once(happened: Callable[[], bool]) -> None:
        running = ada.world.start("erase", PERSON, "--yes")
        while not happened():
            assert running.poll() is None, running.communicate()
            time.sleep(0.01)
        running.kill()
        running.communicate()
        assert ada.places()

    killed_once(lambda: ada.item("transfers", "tra_100").version == 2)
    killed_once(lambda: ada.world.sql("SELECT COUNT(*) FROM erasures")[0][0] > 100)
    ada.erase()
    assert ada.places() == []
    _, found = ada.world.verify()
    assert found == []


def test_a_rebuild_afterwards(ada: Ada) -> None:
    """A rebuild brings nothing back, keeps the mark, and is clean."""
    ada.erase()
    assert ada.world.ops("rebuild", "--settle", "0").code == 0
    assert ada.places() == []
    ada.world.sql("DELETE FROM timeline WHERE id = 'A-1' AND version = 1")
    assert ada.world.project(opened("A-1", "Lovelace")) == []
    assert ada.places() == []
    assert ada.world.verify()[1] == []
