"""The pump does the work of AWS's event source mappings: `python -m local.pump`.

There is one thread for each shard and function, with its own checkpoint, under the rules in template.yaml. A function
that is added to the template needs no change here.
"""

import gc
import json
import os
import signal
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from chalice.local import LambdaContext

from chalicelib.core.streams.records import RawRecord
from local import aws
from local.checkpoints import Checkpoints
from local.delivery import Delivery, PumpStopped, sequence_number
from local.filters import passes
from local.functions import LambdaHandler, load_handler, load_handlers
from local.output import keep_going
from local.schedule import check_now_and_then
from local.shard import MAX_READ, ShardReader
from local.streams import StreamClient
from local.template import EventSource, Template
from local.written import Notifications

MAX_EVENT_BYTES = 6 * 1024 * 1024  # Lambda's limit on what a call is given
_ENVELOPE_BYTES = len('{"Records":[]}')
DRAIN_SECONDS = 20.0
# After records, before the next look. Without a pause a loaded stream is asked for a record or two at a time, by all
# mappings at once, and each time a transaction is made for them. A longer pause would be seen in what queries show, so
# it grows only where a look finds many records: for each beyond the first few, by as much again.
GATHER_SECONDS, LONGEST_GATHER_SECONDS = 0.005, 0.05
_FEW_RECORDS = 5
# Between two looks of a reader that nobody notifies: four a second, as Lambda polls, while it has to do without
# notifications, and while the pump drains the streams.
_POLL_SECONDS, _NOTIFIED_POLL_SECONDS = 0.2, 30.0
# A function's writes reach other streams, so the pump is at rest only after several looks at every stream.
_REST_SECONDS = 4 * _POLL_SECONDS
_AT_REST = "at-rest"
_GARBAGE_COLLECTION = (50_000, 20, 100)  # Python's own are 700, 10 and 10


class Pump:
    """Feeds functions from streams until it is stopped.

    Args:
        endpoint: the URL of the embedded AWS.
        sources: the event source mappings.
        handlers: the functions by handler: {"app.project": ...}.
        folder: the folder of the checkpoints.
        bucket: the bucket for batches that are given up; "" drops them.
    """

    def __init__(
        self,
        endpoint: str,
        sources: Sequence[EventSource],
        handlers: Mapping[str, LambdaHandler],
        folder: Path,
        bucket: str = "",
    ) -> None:
        self._endpoint = endpoint
        self._handlers = handlers
        self._folder = folder
        self._bucket = bucket
        self._lock = threading.Lock()
        self._looks = 0
        self._last_active = 0.0
        self._stopping = threading.Event()
        self._draining = False
        self._notifications = Notifications(endpoint)
        self._threads = [
            threading.Thread(target=self._feed, args=(source, self._notifications.event_of(source.table)), daemon=True)
            for source in sources
        ]

    def start(self) -> None:
        """Start feeding."""
        self._notifications.start()
        for thread in self._threads:
            thread.start()

    def stop(self, drain_seconds: float = DRAIN_SECONDS) -> bool:
        """Deliver the remaining records, and those that follow from them, for a limited time; then stop.

        Returns:
            Whether everything was delivered.
        """
        deadline = time.monotonic() + drain_seconds
        self._note_activity()
        self._draining = True
        self._notifications.stop()
        while not (at_rest := self._at_rest()) and time.monotonic() < deadline:
            time.sleep(GATHER_SECONDS)
        self._stopping.set()
        for thread in self._threads:
            thread.join(5)
        return at_rest

    def _note_activity(self) -> None:
        with self._lock:
            self._last_active = time.monotonic()

    def _at_rest(self) -> bool:
        """Whether several looks at every shard have found nothing to deliver."""
        with self._lock:
            return not self._looks and time.monotonic() - self._last_active > _REST_SECONDS

    def _feed(self, source: EventSource, written: threading.Event) -> None:
        """Feed one function from one table's stream. After an error, try again."""
        while not self._stopping.is_set():
            try:
                self._feed_shards(source, written)
                return
            except PumpStopped:
                return
            except Exception as error:
                _say(f"{source.function} on {source.table}: {error!r}; trying again in a second")
                self._note_activity()
                with self._looking():
                    self._stopping.wait(1)

    def _feed_shards(self, source: EventSource, written: threading.Event) -> None:
        """Feed from the stream's shards, one after the other. MiniStack's streams have one, which never ends."""
        stream = aws.dynamodb(self._endpoint).describe_table(TableName=source.table)["Table"]["LatestStreamArn"]
        client = StreamClient(self._endpoint)
        checkpoints = Checkpoints(self._folder / source.function / f"{source.table}.json")
        for shard in client.call("DescribeStream", StreamArn=stream).body["StreamDescription"]["Shards"]:
            name = shard["ShardId"]
            self._feed_shard(
                source,
                ShardReader(client, stream, name, checkpoints.get(name)),
                partial(checkpoints.advance, name),
                written,
            )

    def _feed_shard(
        self, source: EventSource, reader: ShardReader, advance: Callable[[str], None], written: threading.Event
    ) -> None:
        delivery = Delivery(
            source, partial(self._call, source), advance, partial(self._give_up, source), pause=self._pause
        )
        while not self._stopping.is_set():
            written.clear()
            with self._looking():
                records = self._gather(source, reader)
                for batch in batches(source, records):
                    delivery.deliver(batch)
                if records:
                    advance(sequence_number(records[-1]))  # the filter may have dropped the last ones
                    self._note_activity()
            if reader.closed and not records:
                return
            if records or reader.may_have_more:
                self._stopping.wait(gather_seconds(len(records)))
            if not reader.may_have_more and (self._notified() or not records):
                written.wait(self._poll_seconds())

    def _poll_seconds(self) -> float:
        return _NOTIFIED_POLL_SECONDS if self._notified() else _POLL_SECONDS

    def _notified(self) -> bool:
        """Whether each write to a stream is told."""
        return self._notifications.connected and not self._draining

    @contextmanager
    def _looking(self) -> Iterator[None]:
        """Mark that a delivery may be under way within the block."""
        with self._lock:
            self._looks += 1
        try:
            yield
        finally:
            with self._lock:
                self._looks -= 1

    def _gather(self, source: EventSource, reader: ShardReader) -> list[dict[str, Any]]:
        """Read records until the batch is full or the batching window is over."""
        records = reader.read(min(source.batch_size, MAX_READ))
        deadline = time.monotonic() + source.window_seconds
        while records and len(records) < source.batch_size and time.monotonic() < deadline:
            self._stopping.wait(0.05)
            records += reader.read(source.batch_size - len(records))
        return records

    def _call(self, source: EventSource, batch: Sequence[RawRecord]) -> Any:
        context = LambdaContext(source.function, 1024, max_runtime_ms=source.timeout_seconds * 1000)
        try:
            return self._handlers[source.handler]({"Records": list(batch)}, context)
        except Exception:
            _say(f"{source.function} on {source.table} raised:\n{traceback.format_exc()}")
            raise

    def _pause(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise PumpStopped

    def _give_up(self, source: EventSource, batch: Sequence[RawRecord], why: str) -> None:
        """Store a batch that is given up in S3, in Lambda's format, with its records."""
        _say(f"{source.function} on {source.table}: {len(batch)} records given up: {why}")
        if not (source.destination and self._bucket):
            return
        key = f"aws/lambda/{source.function}/{datetime.now(UTC):%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
        aws.s3(self._endpoint).put_object(
            Bucket=self._bucket, Key=key, Body=json.dumps(_given_up(source, batch, why)).encode()
        )


def _given_up(source: EventSource, batch: Sequence[RawRecord], why: str) -> dict[str, Any]:
    return {
        "requestContext": {"functionArn": source.function, "condition": why},
        "timestamp": datetime.now(UTC).isoformat(),
        "DDBStreamBatchInfo": {
            "startSequenceNumber": sequence_number(batch[0]),
            "endSequenceNumber": sequence_number(batch[-1]),
            "batchSize": len(batch),
            "streamArn": batch[0]["eventSourceARN"],
        },
        "payload": json.dumps({"Records": list(batch)}),
    }


def gather_seconds(records: int) -> float:
    """How long to wait after a look that found so many records, so that the next one finds several."""
    return min(GATHER_SECONDS * max(1, records - _FEW_RECORDS + 1), LONGEST_GATHER_SECONDS)


def batches(source: EventSource, records: Sequence[RawRecord]) -> list[list[RawRecord]]:
    """The records that pass the filter, in batches that each fit into one call."""
    cut: list[list[RawRecord]] = []
    size = _ENVELOPE_BYTES
    for record in records:
        if not passes(record, source.filters):
            continue
        length = len(msgspec.json.encode(record)) + 1
        if not cut or size + length > MAX_EVENT_BYTES or len(cut[-1]) == source.batch_size:
            cut.append([])
            size = _ENVELOPE_BYTES
        cut[-1].append(record)
        size += length
    return cut


def was_at_rest(state: Path) -> bool:
    """Whether the last pump delivered everything before it stopped. A running or killed pump has not."""
    return _mark(state).exists()


def _mark(state: Path) -> Path:
    return state / "pump" / _AT_REST


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def main() -> None:
    """Feed every function of template.yaml until SIGTERM."""
    keep_going()
    template = Template.from_env()
    sources = template.mappings()
    state = Path(os.environ["LOCAL_STATE"])
    folder = state / "pump"
    _mark(state).unlink(missing_ok=True)
    pump = Pump(
        os.environ["AWS_ENDPOINT_URL"], sources, load_handlers(sources), folder, os.environ["DEAD_LETTER_BUCKET"]
    )
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    # Otherwise Python looks through all modules' objects again and again while it decodes a page of records.
    gc.freeze()
    gc.set_threshold(*_GARBAGE_COLLECTION)
    pump.start()
    for check in template.handlers("Schedule"):
        threading.Thread(target=check_now_and_then, args=(load_handler(check), ended), daemon=True).start()
    ended.wait()
    if pump.stop():
        with suppress(OSError):  # without this mark, the next start gives every aggregate to the reactor
            _mark(state).touch()


if __name__ == "__main__":
    main()
