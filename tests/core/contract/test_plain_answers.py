"""Items that are read as plain JSON are the items that botocore's parser reads."""

import itertools
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.core.dynamodb.cut_answers import refuse_cut_answers
from chalicelib.core.dynamodb.plain_answers import read_items_plainly
from tests.support.stores import Tables

ITEMS: dict[str, Any] = {
    "of_each_kind": {
        "text": {"S": 'Zoë "B": \u2028'},
        "number": {"N": "12345678901234567890.5"},
        "yes": {"BOOL": True},
        "nothing": {"NULL": True},
        "texts": {"SS": ["a", "b"]},
        "numbers": {"NS": ["1"]},
        "list": {"L": [{"S": "x"}, {"L": []}, {"M": {}}]},
        "map": {"M": {"": {"S": ""}, "M": {"M": {"L": {"N": "-1"}}}}},
    },
    "with_bytes": {"bytes": {"B": b"\x00\xff"}, "several": {"BS": [b"a", b"b"]}},
    "with_bytes_inside": {"list": {"L": [{"M": {"bytes": {"B": b"x"}}}]}},
    "with_an_attribute_B": {"B": {"S": "B"}},
}


@pytest.fixture(scope="module")
def clients(module_tables: Tables) -> tuple[Any, Any]:
    """Return botocore's own client and one that reads plainly. The table of the accounts has all items."""
    for id, item in ITEMS.items():
        module_tables.client.put_item(TableName=module_tables.name("accounts"), Item={"id": {"S": id}, **item})
    return module_tables.client, plain(module_tables.endpoint)


def plain(endpoint: str) -> Any:
    """Return a client that reads plainly."""
    client = boto3.client("dynamodb", endpoint_url=endpoint)
    refuse_cut_answers(client)
    read_items_plainly(client)
    return client


def without_metadata(answer: Any) -> Any:
    """Return an answer without what is different in each."""
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


@pytest.mark.parametrize("id", [*ITEMS, "none"])
def test_get_item(clients: tuple[Any, Any], module_tables: Tables, id: str) -> None:
    """GetItem answers the same."""
    usual, plainly = (
        without_metadata(client.get_item(TableName=module_tables.name("accounts"), Key={"id": {"S": id}}))
        for client in clients
    )
    assert plainly == usual
    assert ("Item" in plainly) == (id in ITEMS)


@pytest.mark.parametrize("ids", list(itertools.combinations([*ITEMS, "none"], 2)))
def test_batch_get_item(clients: tuple[Any, Any], module_tables: Tables, ids: tuple[str, ...]) -> None:
    """BatchGetItem answers the same."""
    table = module_tables.name("accounts")
    keys: Any = {table: {"Keys": [{"id": {"S": id}} for id in ids]}}
    usual, plainly = (without_metadata(client.batch_get_item(RequestItems=keys)) for client in clients)
    for answer in (usual, plainly):
        answer["Responses"][table].sort(key=lambda item: item["id"]["S"])
    assert plainly == usual


def test_a_refusal(clients: tuple[Any, Any]) -> None:
    """A refusal is botocore's error."""
    for client in clients:
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            client.get_item(TableName="none", Key={"id": {"S": "none"}})


@pytest.fixture
def text() -> Iterator[tuple[str, list[bytes]]]:
    """Yield the URL of a server that answers every request with a body, and a list for that body."""
    bodies: list[bytes] = []

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(bodies[0])))
            self.end_headers()
            self.wfile.write(bodies[0])

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", bodies
        server.shutdown()


@pytest.mark.parametrize(
    ("body", "item"),
    [
        (b'{"Item": {"id": {"B" : "AA=="}}}', {"id": {"B": b"\x00"}}),
        (b'{"Item": {"id": {"S": "\\ud800"}}}', {"id": {"S": "\ud800"}}),
    ],
)
def test_what_is_left_to_botocore(text: tuple[str, list[bytes]], body: bytes, item: Any) -> None:
    """Bytes and half a surrogate pair are read by botocore, however the body is spaced."""
    url, bodies = text
    bodies.append(body)
    assert plain(url).get_item(TableName="any", Key={"id": {"S": "any"}})["Item"] == item
