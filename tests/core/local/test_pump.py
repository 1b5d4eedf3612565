"""The pump on a real stream, with functions of the tests."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from local import aws
from local.pump import GATHER_SECONDS, LONGEST_GATHER_SECONDS, MAX_EVENT_BYTES, Pump, batches, gather_seconds
from local.shard import MAX_READ, ShardReader
from local.streams import StreamClient
from local.template import EventSource, Template
from tests.support.domain import NEUTRAL
from tests.support.stores import Tables
from tests.support.waiting import eventually

Put = Callable[..., None]


class Function:
    """A stream handler that remembers its records, and fails as a test says.

    Attributes:
        seen: the ids and versions that it has handled, in order.
        fail: returns the sequence number to report as failed for these records, or None; may raise.
    """

    def __init__(self, fail: Callable[[list[Any]], str | None] = lambda _: None) -> None:
        self.events: list[dict[str, Any]] = []
        self.seen: list[tuple[str, int]] = []
        self.fail = fail

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        """Handle a batch."""
        assert context.get_remaining_time_in_millis() > 0
        self.events.append(event)
        failed = self.fail(event["Records"])
        for record in event["Records"]:
            if record["dynamodb"]["SequenceNumber"] == failed:
                break
            image = record["dynamodb"]["NewImage"]
            self.seen.append((image["id"]["S"], int(image["version"]["N"])))
        return {"batchItemFailures": [{"itemIdentifier": failed}] if failed else []}


@pytest.fixture
def put(tables: Tables) -> Put:
    """Return a function that writes versions of an aggregate."""

    def write(id: str, *versions: int, service: str = "transfers", **more: Any) -> None:
        for version in versions:
            item = {"id": {"S": id}, "version": {"N": str(version)}, **more}
            tables.client.put_item(TableName=tables.name(service), Item=item)

    return write


@pytest.fixture
def source(tables: Tables) -> EventSource:
    """Return the mapping from the table of transfers to the projector."""
    mappings = Template(tables.prefix, NEUTRAL.template).mappings()
    return next(one for one in mappings if one.table == tables.name("transfers"))


@contextmanager
def pumping(tables: Tables, source: EventSource, function: Function, folder: Path, bucket: str = "") -> Iterator[Pump]:
    """Run a pump during the block."""
    pump = Pump(tables.endpoint, [source], {source.handler: function}, folder, bucket)
    pump.start()
    yield pump
    pump.stop()


def test_order_and_completeness(tables: Tables, put: Put, source: EventSource, tmp_path: Path) -> None:
    """Every version arrives once and in the order of its write, in batches of at most the mapping's size."""
    written = [(f"tra_{n % 7}", n // 7 + 1) for n in range(50)]
    for id, version in written:
        put(id, version)
    function = Function()
    with pumping(tables, replace(source, batch_size=15), function, tmp_path):
        assert eventually(lambda: len(function.seen) >= len(written))
    assert function.seen == written
    assert max(len(event["Records"]) for event in function.events) <= 15


def test_records_have_what_lambda_gives(tables: Tables, put: Put, source: EventSource, tmp_path: Path) -> None:
    """Each record has every key of a Lambda event, as JSON values."""
    put("tra_1", 1, note={"B": b"\x00\xff"})
    put("tra_1", 2)
    function = Function()
    with pumping(tables, source, function, tmp_path):
        assert eventually(lambda: len(function.seen) == 2)
    insert, modify = [record for event in function.events for record in event["Records"]]
    assert json.loads(json.dumps(insert)) == insert
    assert insert["dynamodb"]["NewImage"]["note"] == {"B": "AP8="}
    assert "OldImage" not in insert["dynamodb"]
    assert modify["eventName"] == "MODIFY"
    assert modify["dynamodb"]["OldImage"]["version"] == {"N": "1"}
    assert modify["eventSourceARN"].split("/")[1] == source.table
    assert {"eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "dynamodb"} <= set(modify)
    assert {"ApproximateCreationDateTime", "Keys", "SequenceNumber", "SizeBytes", "StreamViewType"} <= set(
        modify["dynamodb"]
    )


def test_claims_are_filtered(tables: Tables, put: Put, source: EventSource, tmp_path: Path) -> None:
    """The template's filter keeps claims from the function, but the checkpoint passes them."""
    put("tra_1", 1)
    tables.client.put_item(
        TableName=source.table,
        Item={"id": {"S": "claim#reference#7"}, "owner": {"S": "tra_1"}, "commit": {"S": "c"}},
    )
    function = Function()
    with pumping(tables, source, function, tmp_path):
        assert eventually(lambda: bool(function.seen))
    assert function.seen == [("tra_1", 1)]
    again = Function()
    with pumping(tables, source, again, tmp_path):
        pass
    assert again.events == []


def test_partial_failure_goes_on_from_there(tables: Tables, put: Put, source: EventSource, tmp_path: Path) -> None:
    """The record that was reported as failed comes again with those after it, but none before it."""
    put("tra_1", 1, 2, 3, 4)
    failures = iter([True, True, False])

    def third(records: list[Any]) -> str | None:
        numbers = {r["dynamodb"]["NewImage"]["version"]["N"]: r["dynamodb"]["SequenceNumber"] for r in records}
        return numbers.get("3") if next(failures, False) else None

    function = Function(third)
    with pumping(tables, source, function, tmp_path):
        assert eventually(lambda: len(function.seen) >= 4)
    assert function.seen == [("tra_1", version) for version in (1, 2, 3, 4)]


def test_raising_function_is_given_halves(tables: Tables, put: Put, source: EventSource, tmp_path: Path) -> None:
    """A record that makes the function raise ends up alone, and the records around it are handled in order."""
    put("tra_1", *range(1, 9))
    blocked = threading.Event()

    def explode(records: list[Any]) -> str | None:
        versions = [r["dynamodb"]["NewImage"]["version"]["N"] for r in records]
        if "6" in versions and not blocked.is_set():
            if versions == ["6"]:
                blocked.set()
            raise RuntimeError("poison")
        return None

    function = Function(explode)
    with pumping(tables, source, function, tmp_path):
        assert eventually(lambda: len(function.seen) >= 8)
    assert function.seen == [("tra_1", version) for version in range(1, 9)]
    assert blocked.is_set()


def test_restart_goes_on_at_the_checkpoint(tables: Tables, put: Put, source: EventSource, tmp_path: Path) -> None:
    """A pump that is started again delivers new records, and none that is done."""
    put("tra_1", 1, 2)
    first = Function()
    with pumping(tables, source, first, tmp_path):
        assert eventually(lambda: len(first.seen) == 2)
    put("tra_1", 3)
    second = Function()
    with pumping(tables, source, second, tmp_path):
        assert eventually(lambda: bool(second.seen))
    assert second.seen == [("tra_1", 3)]


def test_stopping_drains_the_stream(tables: Tables, put: Put, source: EventSource, tmp_path: Path) -> None:
    """Records written before the pump stops are still delivered, since the stream would be lost otherwise."""
    put("tra_1", *range(1, 30))
    function = Function()
    with pumping(tables, replace(source, batch_size=3), function, tmp_path):
        pass
    assert len(function.seen) == 29


def test_a_page_that_was_cut_has_more(tables: Tables, put: Put) -> None:
    """A page ends before a large record. Nobody would tell of that record again, so the reader has to know."""
    put("tra_1", 1, 2, note={"S": "x" * 380_000})  # the second record has two such images
    client, table = StreamClient(tables.endpoint), tables.name("transfers")
    stream = tables.client.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    (shard,) = client.call("DescribeStream", StreamArn=stream).body["StreamDescription"]["Shards"]
    reader = ShardReader(client, stream, shard["ShardId"], None)
    assert [len(reader.read(MAX_READ)), reader.may_have_more] == [1, True]
    assert [len(reader.read(MAX_READ)), len(reader.read(MAX_READ)), reader.may_have_more] == [1, 0, False]


def test_checkpoint_of_a_lost_stream_begins_at_the_oldest(
    tables: Tables, put: Put, source: EventSource, tmp_path: Path
) -> None:
    """After a restart of MiniStack, the stream does not know the checkpoint, so the pump begins at the oldest one."""
    put("tra_1", 1)
    file = tmp_path / source.function / f"{source.table}.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"shardId-00000000000000000000-00000000": "000000000000000000001"}))
    function = Function()
    with pumping(tables, source, function, tmp_path):
        assert eventually(lambda: bool(function.seen))
    assert function.seen == [("tra_1", 1)]


def test_two_functions_keep_checkpoints_of_their_own(
    tables: Tables, put: Put, source: EventSource, tmp_path: Path
) -> None:
    """A second function on the same stream gets everything too, and does not wait for the first."""
    put("tra_1", 1, 2)
    stuck, free = Function(lambda records: records[0]["dynamodb"]["SequenceNumber"]), Function()
    other = replace(source, function="ReactorFunction", handler="react")
    pump = Pump(tables.endpoint, [source, other], {source.handler: stuck, other.handler: free}, tmp_path)
    pump.start()
    assert eventually(lambda: len(free.seen) == 2)
    pump.stop(drain_seconds=0)
    assert stuck.seen == []


def test_batches_that_are_given_up_go_to_the_bucket(
    tables: Tables, put: Put, source: EventSource, tmp_path: Path
) -> None:
    """With a cap on retries, a given-up batch is stored in S3 with its payload, and the shard goes on."""
    put("tra_1", 1)
    bucket = f"{tables.prefix}given-up"
    aws.create_bucket(tables.endpoint, bucket)
    function = Function(lambda records: records[0]["dynamodb"]["SequenceNumber"])
    client = aws.s3(tables.endpoint)
    with pumping(tables, replace(source, retries=1), function, tmp_path, bucket):
        assert eventually(lambda: client.list_objects_v2(Bucket=bucket)["KeyCount"] == 1)
        function.fail = lambda _: None
        put("tra_1", 2)
        assert eventually(lambda: bool(function.seen))
    assert function.seen == [("tra_1", 2)]
    key = client.list_objects_v2(Bucket=bucket)["Contents"][0]["Key"]
    kept = json.loads(client.get_object(Bucket=bucket, Key=key)["Body"].read())
    assert kept["requestContext"]["condition"] == "RetryAttemptsExhausted"
    payload = json.loads(kept["payload"])
    assert payload["Records"][0]["dynamodb"]["NewImage"]["version"] == {"N": "1"}


def test_batches_fit_into_a_call(source: EventSource) -> None:
    """Records of 400 KB are cut so that no call gets more than Lambda's 6 MB."""
    large = [
        {"dynamodb": {"NewImage": {"id": {"S": "x"}, "text": {"S": "x" * 400_000}}, "SequenceNumber": str(n)}}
        for n in range(40)
    ]
    cut = batches(source, large)
    assert [record for batch in cut for record in batch] == large
    assert all(len(msgspec.json.encode({"Records": batch})) <= MAX_EVENT_BYTES for batch in cut)


def test_pause_after_a_look() -> None:
    """It is short after a few records, as after one, and grows with more, up to a limit."""
    few, more, most = ([gather_seconds(records) for records in some] for some in ((1, 2, 4), (8, 10), (500, 1000)))
    assert set(few) == {GATHER_SECONDS}
    assert GATHER_SECONDS < more[0] < more[1] < LONGEST_GATHER_SECONDS
    assert set(most) == {LONGEST_GATHER_SECONDS}
