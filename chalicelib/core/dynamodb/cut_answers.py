"""Answers of DynamoDB that were cut off, by a connection that ended: refused, where botocore would believe them.

http.client takes the end of a connection for the end of a head, and a head that is cut has no Content-Length to compare
the body with. So a GetItem that is cut says "there is no such item"; and of half a header botocore may raise a
ValueError, which tells nobody of a lost connection. botocore does not try such a call again: whoever made it has to
know what a lost answer means.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.client import BaseClient


def refuse_cut_answers(client: "BaseClient") -> None:
    """Have a client treat such an answer as a closed connection, of which its callers know what it may mean."""
    endpoint = client.meta.endpoint_url

    def check(response_dict: Mapping[str, Any], **_: Any) -> None:
        if is_whole(response_dict):
            return
        from botocore.exceptions import ConnectionClosedError

        raise ConnectionClosedError(endpoint_url=endpoint)

    client.meta.events.register(f"before-parse.{client.meta.service_model.service_id.hyphenize()}", check)


def is_whole(response: Mapping[str, Any]) -> bool:
    """Whether a response, as botocore hands it to its events, came to its end."""
    headers = response["headers"]
    if headers.get("transfer-encoding") == "chunked":
        return True  # of chunks http.client knows the last
    return bool(headers.get("content-length") == str(len(response["body"])))
