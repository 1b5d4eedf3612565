"""What the projector makes of each kind of record."""

from datetime import datetime, timedelta

import pytest

from chalicelib.core.dynamodb.codec import encode_item
from chalicelib.core.projector import UnknownStream
from tests.projector.conftest import Projector
from tests.projector.histories import START, head, heartbeat, order_state, record
from tests.projector.reading import query

pytestmark = pytest.mark.database


def test_nothing_to_do(projector: Projector) -> None:
    """An empty batch is a success."""
    assert projector([]) == []


def test_claims_leave_no_trace(projector: Projector) -> None:
    """Written, and removed when they expire: neither a row nor a dead letter."""
    claim = record("customers", encode_item({"id": "claim#email#a@example.com", "holder": "cus_1"}))
    expired = {**claim, "eventName": "REMOVE", "dynamodb": {**claim["dynamodb"]}}
    del expired["dynamodb"]["NewImage"]
    assert projector([claim, expired]) == []
    assert query(projector.url, "SELECT * FROM timeline") == []
    assert not projector.dead.letters


def test_a_removed_item_changes_nothing(projector: Projector) -> None:
    """Nothing that ships removes an aggregate; its row stays for `verify` to report."""
    raw = record("orders", head("ord_1", 1, order_state()))
    removal = {**raw, "eventName": "REMOVE", "dynamodb": {**raw["dynamodb"]}}
    del removal["dynamodb"]["NewImage"]
    assert projector([raw, removal]) == []
    assert query(projector.url, "SELECT id FROM orders") == [("ord_1",)]


def test_reservations_show_in_the_timeline_alone(projector: Projector) -> None:
    """Stock has a row a SKU, an order's reservation has none."""
    commits = [head("res#ord_1", 1, {"status": "reserved", "lines": {"A": 2}}), head("A", 1, {"on_hand": 5})]
    assert projector([record("inventory", commit) for commit in commits]) == []
    assert query(projector.url, "SELECT sku FROM stock") == [("A",)]
    assert query(projector.url, "SELECT id FROM timeline ORDER BY id") == [("A",), ("res#ord_1",)]


def test_every_commit_has_its_place_in_the_timeline(projector: Projector) -> None:
    """Compaction skips versions 1 and 2 of the row, not of the history; redelivery adds nothing."""
    batch = [record("orders", head("ord_1", version, order_state())) for version in (1, 2, 3)]
    assert projector([*batch, *batch]) == []
    assert projector(batch[:2]) == []
    assert query(projector.url, "SELECT version, command, actor, commit_id FROM timeline ORDER BY version") == [
        (version, "test.change", "staff", f"ord_1-{version}") for version in (1, 2, 3)
    ]


def test_heartbeats(projector: Projector) -> None:
    """The newest of each service is kept, with the time at which it was applied; older ones change nothing."""
    assert projector([record("orders", heartbeat(2)), record("orders", heartbeat(3))]) == []
    assert projector([record("orders", heartbeat(1)), record("catalog", heartbeat(1))]) == []
    rows = query(projector.url, "SELECT service, beat, sent_at FROM heartbeats ORDER BY service")
    start = START.replace(tzinfo=None)
    assert rows == [("catalog", 1, start + timedelta(minutes=1)), ("orders", 3, start + timedelta(minutes=3))]
    ((applied,),) = query(projector.url, "SELECT applied_at FROM heartbeats WHERE service = 'orders'")
    assert isinstance(applied, datetime)


def test_an_unknown_stream_is_not_the_records_fault(projector: Projector) -> None:
    """A wrong mapping stops the batch with a message that names what there is; nothing is set aside."""
    raw = record("orders", head("ord_1", 1, order_state()))
    raw["eventSourceARN"] = raw["eventSourceARN"].replace("test-", "other-")
    with pytest.raises(UnknownStream, match=r"test-catalog.*TABLE_PREFIX"):
        projector([raw])
    assert not projector.dead.letters


def test_a_batch_of_thousands(projector: Projector) -> None:
    """Several transactions; the first failure names the record, and what came before it is there."""
    batch = [record("inventory", head(f"SKU-{number}", 1, {"on_hand": number})) for number in range(2500)]
    assert projector(batch) == []
    assert query(projector.url, "SELECT COUNT(*), SUM(on_hand) FROM stock") == [(2500, 2500 * 2499 // 2)]


def test_a_row_that_is_too_large_for_its_statement_mates(projector: Projector) -> None:
    """The largest item that DynamoDB takes is projected."""
    events = [{"type": "Noted", "data": {"note": "ü" * 180_000}}]
    raw = [record("orders", head(f"ord_{n}", 1, order_state(), events=events)) for n in range(20)]
    assert projector(raw) == []
    assert query(projector.url, "SELECT COUNT(*) FROM orders") == [(20,)]
