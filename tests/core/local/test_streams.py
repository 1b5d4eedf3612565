"""Calls of DynamoDB Streams on the embedded AWS."""

import socket

import pytest

from local.streams import StreamClient, StreamRefusal
from tests.support.stores import Tables


def test_refusal(tables: Tables) -> None:
    """A refused call has DynamoDB's code, and the connection can be used again."""
    client = StreamClient(tables.endpoint)
    with pytest.raises(StreamRefusal, match="GetRecords: ValidationException: ") as refusal:
        client.call("GetRecords", ShardIterator="none")
    assert refusal.value.code == "ValidationException"
    assert client.call("ListStreams", Limit=1).body["Streams"]


def test_lost_connection(tables: Tables) -> None:
    """A connection that was lost is opened again. If nobody listens, the call fails."""
    client = StreamClient(tables.endpoint)
    client.call("ListStreams")
    client._connection.sock.shutdown(socket.SHUT_RDWR)
    assert client.call("ListStreams").length > 2
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionError):
            StreamClient(f"http://127.0.0.1:{taken.getsockname()[1]}").call("ListStreams")
