"""Refuse responses of DynamoDB that a lost connection has cut short. botocore would accept them.

http.client takes the end of a connection for the end of the response's head. A head that was cut has no Content-Length
with which the body could be compared. So a GetItem that was cut reads as "there is no such item", and half a header
makes botocore raise a ValueError that does not mention the connection. botocore does not repeat such a call. The
caller has to handle it like any lost response.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.client import BaseClient


def refuse_cut_answers(client: "BaseClient") -> None:
    """Make a client treat a response that was cut short as a closed connection, which its callers handle."""
    endpoint = client.meta.endpoint_url

    def check(response_dict: Mapping[str, Any], **_: Any) -> None:
        if is_whole(response_dict):
            return
        from botocore.exceptions import ConnectionClosedError

        raise ConnectionClosedError(endpoint_url=endpoint)

    client.meta.events.register(f"before-parse.{client.meta.service_model.service_id.hyphenize()}", check)


def is_whole(response: Mapping[str, Any]) -> bool:
    """Whether a response, as botocore passes it to its event handlers, is complete."""
    headers = response["headers"]
    if headers.get("transfer-encoding") == "chunked":
        return True  # of chunks http.client knows the last
    return bool(headers.get("content-length") == str(len(response["body"])))
