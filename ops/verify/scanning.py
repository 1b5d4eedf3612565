"""Scan a table, with responses parsed by msgspec.

botocore parses every response along the API's model. For a page of items, this takes several times as long as all other
work of verify. botocore's event before-parse allows another way of parsing. Items are the same, except for binary
attributes, which stay in base64. No aggregate has any.
"""

import threading
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.core.dynamodb.cut_answers import is_whole

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_EVENT = "before-parse.dynamodb.Scan"
_here = threading.local()


def prepare(client: "DynamoDBClient") -> None:
    """Prepare a client for `scan`. Repeating it does no harm."""
    client.meta.events.register(_EVENT, _read, unique_id="tributary-scan")


def scan(client: "DynamoDBClient", **request: Any) -> dict[str, Any]:
    """One page of a scan, as `client.scan` returns it, with a prepared client. Other calls are not affected."""
    _here.ours = True
    try:
        answer: Any = client.scan(**request)
        return dict(answer)
    finally:
        _here.ours = False


def _read(response_dict: Any, customized_response_dict: Any, **_: Any) -> None:
    """Read a body, and leave none for botocore's parser. A body that was cut short is left to refuse_cut_answers."""
    if getattr(_here, "ours", False) and response_dict["status_code"] == 200 and is_whole(response_dict):
        customized_response_dict.update(msgspec.json.decode(response_dict["body"]))
        response_dict["body"] = b"{}"
        response_dict["headers"]["content-length"] = "2"  # or the body would look cut off from now on
