"""Read one shard of a DynamoDB stream. Records have the form that they have in Lambda's event."""

from typing import Any

from local.aws import REGION
from local.streams import StreamClient, StreamRefusal

MAX_READ = 1000  # GetRecords' own limit
# GetRecords ends a page before the record that would bring it over 1 MB, and a record with two images may have almost
# 1 MB itself. So only a small page is taken to be whole. If an even larger record follows it, that record waits until
# the table is written again, which the scheduled check does every few seconds.
_UNCUT_BYTES = 100_000
_BEGIN_AGAIN = ("ExpiredIteratorException", "TrimmedDataAccessException")


class ShardReader:
    """Reads one shard from a position on.

    Args:
        client: a client of DynamoDB Streams, for this thread.
        stream: the stream's ARN.
        shard: the shard's id.
        position: the last sequence number that is done; None reads from the oldest record.

    Attributes:
        closed: whether the last record of a closed shard was read.
        may_have_more: whether there may be records already that the last call of `read` did not return.
    """

    def __init__(self, client: StreamClient, stream: str, shard: str, position: str | None) -> None:
        self._client = client
        self._stream = stream
        self._shard = shard
        self._position = position
        self._iterator: str | None = None
        self.closed = False
        self.may_have_more = True

    def read(self, limit: int) -> list[dict[str, Any]]:
        """The next records; [] if there are none at present."""
        limit = min(limit, MAX_READ)
        self.may_have_more = True
        try:
            self._iterator = self._iterator or self._begin()
            answer, length = self._client.call("GetRecords", ShardIterator=self._iterator, Limit=limit)
        except StreamRefusal as refusal:
            if refusal.code not in _BEGIN_AGAIN:
                raise
            self._iterator = None
            return []
        self._iterator = answer.get("NextShardIterator")
        self.closed = self._iterator is None
        records = [self._as_lambda_has_it(record) for record in answer["Records"]]
        self.may_have_more = len(records) == limit or length > _UNCUT_BYTES
        if records:
            self._position = records[-1]["dynamodb"]["SequenceNumber"]
        return records

    def _begin(self) -> str:
        if self._position is not None:
            try:
                return self._iterator_at("AFTER_SEQUENCE_NUMBER", SequenceNumber=self._position)
            except StreamRefusal as refusal:
                if refusal.code != "TrimmedDataAccessException":
                    raise
        # The position is not known, or the stream no longer keeps it.
        return self._iterator_at("TRIM_HORIZON")

    def _iterator_at(self, kind: str, **position: str) -> str:
        answer = self._client.call(
            "GetShardIterator", StreamArn=self._stream, ShardId=self._shard, ShardIteratorType=kind, **position
        )
        return str(answer.body["ShardIterator"])

    def _as_lambda_has_it(self, record: dict[str, Any]) -> dict[str, Any]:
        """The record with every key of a record in Lambda's event."""
        return {
            **record,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": REGION,
            "eventSourceARN": self._stream,
        }
