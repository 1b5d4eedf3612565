"""Records that can never be written are set aside, and no others."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.core.dynamodb.codec import item_of
from chalicelib.core.projector import DeadLetter
from chalicelib.core.service import Head
from chalicelib.core.streams.dead_letters import record_of
from tests.core.histories import fold, head, heartbeat, record, sequence_of, transfer_state
from tests.core.projecting import Projector
from tests.core.reading import base_tables, query, summaries

pytestmark = pytest.mark.database


def transfer(id: str, version: int = 1, status: str = "accepted", **state: Any) -> tuple[str, Head]:
    """Return a commit of a transfer."""
    return "transfers", head(id, version, transfer_state(status, **state))


TOO_LONG: dict[str, Any] = {"reason": "x" * 501}


def check(projector: Projector, commits: list[tuple[str, Head]], dead: list[str]) -> None:
    """Check that the tables equal the fold of the good commits and the sums, and that there are these dead letters."""
    tables, expected = base_tables(projector.url), fold(commits)
    assert tables | {"timeline": expected["timeline"]} == expected
    kept, sums = summaries(projector.url)
    assert kept == sums
    assert sorted(projector.dead.letters) == dead


def test_too_long_for_its_column(projector: Projector) -> None:
    """One bad transfer among thirty is set aside, and the others are written."""
    good = [transfer(f"tra_{number}") for number in range(29)]
    bad = transfer("tra_bad", **TOO_LONG)
    assert projector([record(*commit) for commit in [*good[:11], bad, *good[11:]]]) == []
    check(projector, good, ["transfers#tra_bad#1"])


def test_several_poison_records(projector: Projector) -> None:
    """Bad records are first, last and next to each other."""
    good = [transfer(f"tra_{number}") for number in range(10)]
    bad = [transfer(f"tra_bad{number}", **TOO_LONG) for number in range(4)]
    commits = [bad[0], *good[:5], bad[1], bad[2], *good[5:], bad[3]]
    assert projector([record(*commit) for commit in commits]) == []
    check(projector, good, [f"transfers#tra_bad{number}#1" for number in range(4)])


def test_poison_in_a_later_slice(projector: Projector) -> None:
    """What a large transaction has written already comes again without it, the summaries too."""
    good = [transfer(f"tra_{number:03}") for number in range(600)]
    bad = transfer("tra_555x", **TOO_LONG)
    assert projector([record(*commit) for commit in [*good, bad]]) == []
    check(projector, good, ["transfers#tra_555x#1"])


def test_an_image_of_another_aggregate(projector: Projector) -> None:
    """A record whose image has another id than its key is set aside, since it was not locked by that."""
    other = record(*transfer("tra_2"))
    other["dynamodb"]["Keys"] = {"id": {"S": "tra_1"}}
    assert projector([other, record(*transfer("tra_3"))]) == []
    check(projector, [transfer("tra_3")], ["transfers#tra_1#" + other["dynamodb"]["SequenceNumber"]])


def test_a_good_version_before_the_poison_shows(projector: Projector) -> None:
    """Version 5 is written although version 6, in the same batch, is refused."""
    good = [transfer("tra_1", version) for version in range(1, 6)]
    assert projector([record(*commit) for commit in [*good, transfer("tra_1", 6, **TOO_LONG)]]) == []
    check(projector, good, ["transfers#tra_1#6"])


def test_a_good_version_after_the_poison_shows(projector: Projector) -> None:
    """Version 7 is shown. Version 6 before it need not even be tried."""
    good = [transfer("tra_1", 5), transfer("tra_1", 7, "cancelled")]
    assert projector([record(*good[0]), record(*transfer("tra_1", 6, **TOO_LONG)), record(*good[1])]) == []
    check(projector, good, [])


def test_the_timeline_tells_of_a_poison_commit(projector: Projector) -> None:
    """Its rows are refused, but the timeline has it."""
    projector([record(*transfer("tra_1")), record(*transfer("tra_1", 2, **TOO_LONG))])
    assert query(projector.url, "SELECT version FROM timeline ORDER BY version") == [(1,), (2,)]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda image: image.pop("state"), id="no state"),
        pytest.param(lambda image: image.update(version={"S": "six"}), id="version no number"),
        pytest.param(lambda image: image.update(state={"SS": ["a"]}), id="a type never written"),
        pytest.param(lambda image: image["state"]["M"].pop("legs"), id="no legs"),
        pytest.param(lambda image: image["state"]["M"].update(volume={"S": "12"}), id="volume no number"),
        pytest.param(lambda image: image["state"]["M"].update(volume={"N": "9" * 30}), id="number too large"),
        pytest.param(lambda image: image.update(at={"S": "yesterday"}), id="no time"),
        pytest.param(lambda image: image.update(at={"S": "0001-01-01T00:00:00+05:00"}), id="before the first time"),
        pytest.param(lambda image: image.update(actor={"S": "x" * 201}), id="actor too long for the timeline"),
        pytest.param(lambda image: image["state"]["M"].update(owner={"NULL": True}), id="null"),
        pytest.param(lambda image: image["state"]["M"].update(owner={"S": "\ud83d"}), id="half a character"),
    ],
)
def test_what_cannot_be_read(projector: Projector, change: Callable[[dict[str, Any]], Any]) -> None:
    """An image that the write side does not write is set aside, and its neighbours are not."""
    bad = record(*transfer("tra_bad"))
    change(bad["dynamodb"]["NewImage"])
    good = [transfer("tra_1"), transfer("tra_2")]
    assert projector([record(*good[0]), bad, record(*good[1])]) == []
    (letter,) = projector.dead.letters.values()
    check(projector, good, [letter.id])
    assert (letter.service, letter.aggregate, letter.sequence) == ("transfers", "tra_bad", sequence_of(bad))


def test_a_record_without_an_image(projector: Projector) -> None:
    """The error names the stream's wrong view type."""
    bad = record(*transfer("tra_1"))
    del bad["dynamodb"]["NewImage"]
    assert projector([bad]) == []
    (letter,) = projector.dead.letters.values()
    assert "NEW_AND_OLD_IMAGES" in letter.error


def test_an_id_that_mysql_takes_for_another(projector: Projector) -> None:
    """A space at the end does not distinguish two keys in MySQL: refused for ever, so the record is set aside."""
    assert projector([record(*transfer("tra_1")), record(*transfer("tra_1 "))]) == []
    check(projector, [transfer("tra_1")], ["transfers#tra_1 #1"])


def test_what_a_dead_letter_holds(projector: Projector) -> None:
    """A letter has the record without its old image, as JSON under gzip, and the error."""
    raw = record(*transfer("tra_1", 3, **TOO_LONG))
    old = {**raw, "dynamodb": {**raw["dynamodb"], "OldImage": item_of(transfer("tra_1", 2)[1])}}
    projector([old])
    letter = projector.dead.letters["transfers#tra_1#3"]
    assert json.loads(gzip.decompress(letter.image)) == raw == record_of(letter.image)
    assert letter.version == 3
    assert "reason" in letter.error
    assert letter.at.endswith("Z")


def test_redriving_a_dead_letter(projector: Projector) -> None:
    """Once the cause is gone, the stored record is projected as usual."""
    projector([record(*transfer("tra_1", **TOO_LONG))])
    letter = projector.dead.letters.pop("transfers#tra_1#1")
    raw = record_of(letter.image)
    raw["dynamodb"]["NewImage"]["state"]["M"]["reason"] = {"S": "short"}
    assert projector([raw]) == []
    check(projector, [transfer("tra_1", reason="short")], [])


class Broken:
    """A store that cannot store dead letters."""

    def put(self, letter: DeadLetter) -> None:
        """Fail."""
        raise OSError(f"no room for {letter.id}")


@pytest.mark.parametrize("unreadable", [False, True])
def test_a_dead_letter_that_cannot_be_stored(projector: Projector, unreadable: bool) -> None:
    """The batch fails from that record on. Everything before it is projected."""
    projector.deps = replace(projector.deps, dead_letters=Broken())
    bad = record(*transfer("tra_bad", **TOO_LONG))
    if unreadable:
        del bad["dynamodb"]["NewImage"]["state"]
    good = [transfer(f"tra_{number}") for number in range(3)]
    beats = [record("transfers", heartbeat(beat)) for beat in (1, 2)]
    batch = [*(record(*commit) for commit in good), beats[0], bad, record(*transfer("tra_later")), beats[1]]
    assert projector(batch) == [sequence_of(bad)]
    ids = {id for (id,) in query(projector.url, "SELECT id FROM transfers")}
    assert query(projector.url, "SELECT beat FROM heartbeats") == [(1,)]  # the other one reports that all is projected
    assert {"tra_0", "tra_1", "tra_2"} <= ids <= {"tra_0", "tra_1", "tra_2", "tra_later"}
    kept, sums = summaries(projector.url)
    assert kept == sums
