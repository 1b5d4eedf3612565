"""Scan a table, with responses parsed by msgspec.

botocore parses every response along the API's model. For a page of items, this takes several times as long as all other
work of verify. botocore's event before-parse allows another way of parsing: a page is only cut into its items, and each
is decoded when it is needed. Decoded, an item takes ten times its size. Where several threads hold whole decoded pages,
most of their time goes to allocating memory and to the garbage collector. Items are the same as botocore's, except for
binary attributes, which stay in base64. No aggregate has any.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.core.dynamodb.cut_answers import is_whole
from chalicelib.core.dynamodb.plain_answers import leave_nothing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_EVENT = "before-parse.dynamodb.Scan"
_here = threading.local()


class Page(msgspec.Struct, rename="pascal"):
    """A response of Scan.

    Attributes:
        items: the items, not decoded yet; see `decoded`.
        last_evaluated_key: the position after them; None after the last page.
    """

    items: Sequence[msgspec.Raw]
    last_evaluated_key: Mapping[str, Any] | None = None


decoded = msgspec.json.Decoder[Mapping[str, Any]]().decode
"""Item of a page -> its attribute values."""
_decoded_page = msgspec.json.Decoder(Page).decode


def prepare(client: "DynamoDBClient") -> None:
    """Prepare a client for `scan`. Repeating it does no harm."""
    client.meta.events.register(_EVENT, _read, unique_id="tributary-scan")


def scan(client: "DynamoDBClient", **request: Any) -> Page:
    """One page of a scan, with a prepared client. Other calls are not affected."""
    _here.ours = True
    try:
        answer: Any = client.scan(**request)
        page: Page = answer["Page"]
        return page
    finally:
        _here.ours = False


def _read(response_dict: Any, customized_response_dict: Any, **_: Any) -> None:
    """Read a body, and leave none for botocore's parser. A body that was cut short is left to refuse_cut_answers."""
    if getattr(_here, "ours", False) and response_dict["status_code"] == 200 and is_whole(response_dict):
        customized_response_dict["Page"] = _decoded_page(response_dict["body"])
        leave_nothing(response_dict)
