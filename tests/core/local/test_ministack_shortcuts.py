"""The shortcuts through the embedded AWS: it answers with them as it answers without."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from local import ROOT
from local.ministack import python
from tests.support.waiting import PATIENT_SECONDS

# In MiniStack's Python: reads calls, a line each, and writes MiniStack's answers, with the shortcuts or without.
PROGRAM = """
import asyncio, json, sys

import ministack.app
from local.ministack_shortcuts import DirectCalls, install

app = ministack.app.app
if sys.argv[1] == "with":
    install()
    app = DirectCalls(app)
CREDENTIAL = b"AWS4-HMAC-SHA256 Credential=123456789012/20261126/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, "

async def answer(target, body):
    messages = []
    sent = [{"type": "http.request", "body": body[:9], "more_body": True}, {"type": "http.request", "body": body[9:]}]

    async def receive():
        return sent.pop(0)

    async def send(message):
        messages.append(message)

    headers = [(b"host", b"localhost"), (b"x-amz-target", target.encode()), (b"authorization", CREDENTIAL)]
    headers.append((b"content-length", b"%d" % len(body)))
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}
    await app(scope, receive, send)
    start, end = messages
    headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    assert int(headers["content-length"]) == len(end["body"])
    return {"status": start["status"], "headers": headers, "body": json.loads(end["body"])}

async def main():
    named = {}
    for line in sys.stdin:
        target, body = line.rstrip("\\n").split(" ", 1)
        for name, value in named.items():
            body = body.replace(name, value)
        answered = await answer(target, body.encode())
        if "ShardIterator" in answered["body"]:
            named["ITERATOR"] = answered["body"]["ShardIterator"]
        if "TableDescription" in answered["body"]:
            named["STREAM"] = answered["body"]["TableDescription"]["LatestStreamArn"]
        print(json.dumps(answered))

asyncio.run(main())
"""
STORE, STREAMS = "DynamoDB_20120810", "DynamoDBStreams_20120810"
TABLE = {
    "TableName": "things",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}
SHARD = "shardId-00000000000000000000-00000000"
# They differ from run to run.
CHANGING = {"x-amzn-requestid", "x-amz-request-id", "x-amz-id-2", "x-amz-crc32", "content-length", "date"}
UNEQUAL = {"eventID", "SequenceNumber", "ApproximateCreationDateTime", "CreationDateTime", "TableId"}
UNEQUAL |= {"LatestStreamArn", "LatestStreamLabel", "ShardIterator", "NextShardIterator"}


def thing(id: str, **attributes: Any) -> dict[str, Any]:
    """Return the parameters of a put that must not replace an item."""
    return {
        "TableName": "things",
        "Item": {"id": {"S": id}, **attributes},
        "ConditionExpression": "attribute_not_exists(id)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def call(operation: str, *, api: str = STORE, **parameters: Any) -> str:
    """Return a call as a line."""
    return f"{api}.{operation} {json.dumps(parameters)}"


def answers(calls: list[str], *, shortcuts: bool, tmp_path: Path) -> list[dict[str, Any]]:
    """Return MiniStack's answers to the calls."""
    env = {"PERSIST_STATE": "0", "LOG_LEVEL": "ERROR", "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [python(), "-c", PROGRAM, "with" if shortcuts else "without"],
        cwd=ROOT,
        env={**os.environ, **env},
        input="\n".join(calls),
        capture_output=True,
        text=True,
        timeout=PATIENT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def steady(answer: Any) -> Any:
    """Return an answer without what differs from run to run."""
    if isinstance(answer, dict):
        return {name: steady(value) for name, value in answer.items() if name not in UNEQUAL}
    return [steady(value) for value in answer] if isinstance(answer, list) else answer


def compare(calls: list[str], tmp_path: Path) -> list[dict[str, Any]]:
    """Compare the answers with and without the shortcuts; return those with."""
    short, plain = (answers(calls, shortcuts=shortcuts, tmp_path=tmp_path) for shortcuts in (True, False))
    assert len(short) == len(plain) == len(calls)
    for line, one, other in zip(calls, short, plain, strict=True):
        assert one["status"] == other["status"], line
        assert steady(one["body"]) == steady(other["body"]), line
        ours, theirs = ({n: v for n, v in each["headers"].items() if n not in CHANGING} for each in (one, other))
        assert ours == theirs, line
        assert one["headers"].keys() == other["headers"].keys(), line
    return short


def test_answers(tmp_path: Path) -> None:
    """Reads, writes, refusals and faulty requests have the same answers, the second time too."""
    add = {"UpdateExpression": "SET n = n + :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    once = [
        call("PutItem", **thing("a", n={"N": "007.50"}, text={"S": "Ärmel 🧦"})),
        call("PutItem", **thing("b", numbers={"NS": ["1", "2.0"]}, all={"M": {"l": {"L": [{"NULL": True}]}}})),
        call("GetItem", TableName="things", Key={"id": {"S": "a"}}, ConsistentRead=True),
        call("BatchGetItem", RequestItems={"things": {"Keys": [{"id": {"S": "a"}}, {"id": {"S": "b"}}]}}),
        call("UpdateItem", TableName="things", Key={"id": {"S": "a"}}, ReturnValues="ALL_NEW", **add),
        call("TransactWriteItems", TransactItems=[{"Put": thing("a")}, {"Put": thing("c")}]),
        call("TransactWriteItems", TransactItems=[{"Put": thing("c", n={"N": "1e2"})}], ClientRequestToken="t"),
        call("PutItem", **thing("d", n={"N": "1e999"})),
        call("PutItem", **thing("d", n={"N": ["1"]})),
        call("PutItem", **thing("d", n={"N": "1" * 39})),
        call("PutItem", **{**thing("d"), "ConditionExpression": "attribute_not_exists(id) OR"}),
        call("PutItem", **{**thing("d"), "ConditionExpression": ["id"]}),
        call("PutItem", **thing("d", text={"S": "x" * 500_000})),
        call(
            "TransactWriteItems", TransactItems=[{"Put": thing(f"{n}", text={"S": "x" * 390_000})} for n in range(11)]
        ),
        call("Scan", TableName="things", FilterExpression="n > :n", ExpressionAttributeValues={":n": {"N": "8.0"}}),
        call("GetItem", TableName="nothing", Key={"id": {"S": "a"}}),
        call("NoSuchCall"),
        f"{STORE}.PutItem not JSON",
    ]
    found = compare([call("CreateTable", **TABLE), *once, *once], tmp_path)
    assert [answer["status"] for answer in found[1:8]] == [200, 200, 200, 200, 200, 400, 200]
    assert {answer["status"] for answer in found[8:15]} == {400, 500}
    assert found[3]["body"]["Item"] == {"id": {"S": "a"}, "n": {"N": "7.5"}, "text": {"S": "Ärmel 🧦"}}


def test_pages_of_a_stream(tmp_path: Path) -> None:
    """A page of records ends at the same record: at the limit, or before 1 MB."""
    puts = [call("PutItem", **thing(f"{size}-{n}", text={"S": "x" * size})) for size in (3, 200_000) for n in range(9)]
    begin = call("GetShardIterator", api=STREAMS, StreamArn="STREAM", ShardId=SHARD, ShardIteratorType="TRIM_HORIZON")
    reads = [call("GetRecords", api=STREAMS, ShardIterator="ITERATOR", Limit=limit) for limit in (2, 1000)]
    found = compare([call("CreateTable", **TABLE), *puts, begin, *reads], tmp_path)
    assert [len(page["body"]["Records"]) for page in found[-2:]] == [2, 14]
