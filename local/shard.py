"""Read one shard of a DynamoDB stream. Records have the form that they have in Lambda's event.

DynamoDB sends records in that form: times in seconds, bytes in base64. botocore would convert both to objects, which
takes longer than all other work of the pump. So its event before-parse is used to read the body unchanged.
"""

from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from local.aws import REGION

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient

MAX_READ = 1000  # GetRecords' own limit
# GetRecords ends a page before the record that would bring it over 1 MB, and a record with two images may have almost
# 1 MB itself. So only a small page is taken to be whole. If an even larger record follows it, that record waits until
# the table is written again, which the scheduled check does every few seconds.
_UNCUT_BYTES = 100_000
_BYTES = "BytesOfTheAnswer"
_BEGIN_AGAIN = ("ExpiredIteratorException", "TrimmedDataAccessException")


class ShardReader:
    """Reads one shard from a position on.

    Args:
        client: a DynamoDB Streams client.
        stream: the stream's ARN.
        shard: the shard's id.
        position: the last sequence number that is done; None reads from the oldest record.

    Attributes:
        closed: whether the last record of a closed shard was read.
        may_have_more: whether there may be records already that the last call of `read` did not return.
    """

    def __init__(self, client: "DynamoDBStreamsClient", stream: str, shard: str, position: str | None) -> None:
        client.meta.events.register("before-parse.dynamodb-streams.GetRecords", _read_plainly, unique_id="tributary")
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
            answer: Any = self._client.get_records(ShardIterator=self._iterator, Limit=limit)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _BEGIN_AGAIN:
                raise
            self._iterator = None
            return []
        self._iterator = answer.get("NextShardIterator")
        self.closed = self._iterator is None
        records = [self._as_lambda_has_it(dict(record)) for record in answer["Records"]]
        self.may_have_more = len(records) == limit or answer[_BYTES] > _UNCUT_BYTES
        if records:
            self._position = records[-1]["dynamodb"]["SequenceNumber"]
        return records

    def _begin(self) -> str:
        if self._position is not None:
            try:
                return self._iterator_at("AFTER_SEQUENCE_NUMBER", SequenceNumber=self._position)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") != "TrimmedDataAccessException":
                    raise
        # The position is not known, or the stream no longer keeps it.
        return self._iterator_at("TRIM_HORIZON")

    def _iterator_at(self, kind: Any, **position: str) -> str:
        answer = self._client.get_shard_iterator(
            StreamArn=self._stream, ShardId=self._shard, ShardIteratorType=kind, **position
        )
        return str(answer["ShardIterator"])

    def _as_lambda_has_it(self, record: dict[str, Any]) -> dict[str, Any]:
        """The record with every key of a record in Lambda's event."""
        return {
            **record,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": REGION,
            "eventSourceARN": self._stream,
        }


def _read_plainly(response_dict: Any, customized_response_dict: Any, **_: Any) -> None:
    """Read a response's body, and leave none for botocore's parser."""
    if response_dict["status_code"] == 200:
        body = response_dict["body"]
        customized_response_dict.update(msgspec.json.decode(body))
        customized_response_dict[_BYTES] = len(body)
        response_dict["body"] = b"{}"
