"""The projector's result for each kind of record."""

from datetime import datetime, timedelta

import pytest

from chalicelib.core.dynamodb.codec import encode_item
from chalicelib.core.projector import UnknownStream
from tests.core.domain.accounts.domain import hold_id
from tests.core.histories import START, account_state, head, heartbeat, record, transfer_state
from tests.core.projecting import Projector
from tests.core.reading import query

pytestmark = pytest.mark.database


def test_nothing_to_do(projector: Projector) -> None:
    """An empty batch is a success."""
    assert projector([]) == []


def test_claims_leave_no_trace(projector: Projector) -> None:
    """A claim's write and its expiry cause neither a row nor a dead letter."""
    claim = record("accounts", encode_item({"id": "claim#name#ada", "holder": "A"}))
    expired = {**claim, "eventName": "REMOVE", "dynamodb": {**claim["dynamodb"]}}
    del expired["dynamodb"]["NewImage"]
    assert projector([claim, expired]) == []
    assert query(projector.url, "SELECT * FROM timeline") == []
    assert not projector.dead.letters


def test_a_removed_item_changes_nothing(projector: Projector) -> None:
    """Nothing that ships removes an aggregate. Its row stays, and `verify` reports it."""
    raw = record("transfers", head("tra_1", 1, transfer_state()))
    removal = {**raw, "eventName": "REMOVE", "dynamodb": {**raw["dynamodb"]}}
    del removal["dynamodb"]["NewImage"]
    assert projector([raw, removal]) == []
    assert query(projector.url, "SELECT id FROM transfers") == [("tra_1",)]


def test_holds_show_in_the_timeline_alone(projector: Projector) -> None:
    """An account has a row, a transfer's hold has none."""
    hold = head(hold_id("tra_1"), 1, {"status": "held", "legs": {"A": 2}})
    assert projector([record("accounts", commit) for commit in (hold, head("A", 1, account_state()))]) == []
    assert query(projector.url, "SELECT id FROM accounts") == [("A",)]
    assert query(projector.url, "SELECT id FROM timeline ORDER BY id") == [("A",), (hold.id,)]


def test_every_commit_has_its_place_in_the_timeline(projector: Projector) -> None:
    """Compaction skips versions 1 and 2 of the row, but not of the timeline. Redelivery adds nothing."""
    batch = [record("transfers", head("tra_1", version, transfer_state())) for version in (1, 2, 3)]
    assert projector([*batch, *batch]) == []
    assert projector(batch[:2]) == []
    assert query(projector.url, "SELECT version, command, actor, commit_id FROM timeline ORDER BY version") == [
        (version, "test.change", "clerk", f"tra_1-{version}") for version in (1, 2, 3)
    ]


def test_heartbeats(projector: Projector) -> None:
    """The newest heartbeat of each service is kept with the time of its projection. Older ones change nothing."""
    assert projector([record("transfers", heartbeat(2)), record("transfers", heartbeat(3))]) == []
    assert projector([record("transfers", heartbeat(1)), record("accounts", heartbeat(1))]) == []
    rows = query(projector.url, "SELECT service, beat, sent_at FROM heartbeats ORDER BY service")
    start = START.replace(tzinfo=None)
    assert rows == [("accounts", 1, start + timedelta(minutes=1)), ("transfers", 3, start + timedelta(minutes=3))]
    ((applied,),) = query(projector.url, "SELECT applied_at FROM heartbeats WHERE service = 'transfers'")
    assert isinstance(applied, datetime)


def test_an_unknown_stream_is_not_the_records_fault(projector: Projector) -> None:
    """A wrong mapping stops the batch with a message that names the known tables. Nothing is set aside."""
    raw = record("transfers", head("tra_1", 1, transfer_state()))
    raw["eventSourceARN"] = raw["eventSourceARN"].replace("test-", "other-")
    with pytest.raises(UnknownStream, match=r"test-accounts.*TABLE_PREFIX"):
        projector([raw])
    assert not projector.dead.letters


def test_a_batch_of_thousands(projector: Projector) -> None:
    """The batch has several transactions. The first failure names the record, and earlier records are projected."""
    batch = [record("accounts", head(f"N-{number}", 1, account_state(balance=number))) for number in range(2500)]
    assert projector(batch) == []
    assert query(projector.url, "SELECT COUNT(*), SUM(balance) FROM accounts") == [(2500, 2500 * 2499 // 2)]


def test_a_row_that_is_too_large_for_its_statement_mates(projector: Projector) -> None:
    """The largest item that DynamoDB accepts is projected."""
    events = [{"type": "Noted", "data": {"note": "ü" * 180_000}}]
    raw = [record("transfers", head(f"tra_{n}", 1, transfer_state(), events=events)) for n in range(20)]
    assert projector(raw) == []
    assert query(projector.url, "SELECT COUNT(*) FROM transfers") == [(20,)]
