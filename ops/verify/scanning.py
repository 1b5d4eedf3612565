"""Scan, with answers read by msgspec.

botocore reads every answer by walking the API's model over it, which for a page of items takes several times as
long as everything else that verify does with them. Its event before-parse lets the body be read another way.
Items come out the same, but for binary attributes, which stay in base64 and which no aggregate has.
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
    """Make a client ready for `scan`; once is enough, and again does no harm."""
    client.meta.events.register(_EVENT, _read, unique_id="tributary-scan")


def scan(client: "DynamoDBClient", **request: Any) -> dict[str, Any]:
    """One page of a scan, as `client.scan` gives it. The client is prepared; its other calls stay as they are."""
    _here.ours = True
    try:
        answer: Any = client.scan(**request)
        return dict(answer)
    finally:
        _here.ours = False


def _read(response_dict: Any, customized_response_dict: Any, **_: Any) -> None:
    """Read a body, and leave none to botocore's parser; one that was cut off is left to whoever looks for that."""
    if getattr(_here, "ours", False) and response_dict["status_code"] == 200 and is_whole(response_dict):
        customized_response_dict.update(msgspec.json.decode(response_dict["body"]))
        response_dict["body"] = b"{}"
        response_dict["headers"]["content-length"] = "2"  # or the body would look cut off from now on
