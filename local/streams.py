"""Calls of DynamoDB Streams on the embedded AWS, without botocore.

The pump's calls are many, and botocore needs 2 ms of processor time for each: it signs, which MiniStack does not check,
and makes objects of times and bytes, which Lambda's event does not have. Here a call needs 0.3 ms.
"""

import http.client
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from local.aws import CREDENTIALS, REGION

_TIMEOUT_SECONDS = 60.0
# MiniStack takes the account and the region from here.
_CREDENTIAL: Final = f"{CREDENTIALS['AWS_ACCESS_KEY_ID']}/20260101/{REGION}/dynamodb/aws4_request"
_HEADERS: Final = {
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": f"AWS4-HMAC-SHA256 Credential={_CREDENTIAL}, SignedHeaders=host, Signature=none",
}


class StreamAnswer(NamedTuple):
    """An answer: its body as it came, and the body's length in bytes."""

    body: dict[str, Any]
    length: int


class StreamRefusal(Exception):
    """DynamoDB Streams refused a call.

    Attributes:
        code: such as "ExpiredIteratorException".
    """

    def __init__(self, operation: str, code: str, message: str) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.code = code


class StreamClient:
    """A client for one thread, with one connection.

    Args:
        endpoint: the URL of the embedded AWS.
    """

    def __init__(self, endpoint: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=_TIMEOUT_SECONDS)

    def call(self, operation: str, **parameters: Any) -> StreamAnswer:
        """Make a call. All calls of streams only read, so it is made again on a new connection if the old one is lost.

        Raises:
            StreamRefusal: the call was refused.
            OSError, HTTPException: there is no answer.
        """
        try:
            return self._once(operation, parameters)
        except (ConnectionError, http.client.HTTPException):
            return self._once(operation, parameters)

    def _once(self, operation: str, parameters: dict[str, Any]) -> StreamAnswer:
        try:
            headers = {**_HEADERS, "X-Amz-Target": f"DynamoDBStreams_20120810.{operation}"}
            self._connection.request("POST", "/", msgspec.json.encode(parameters), headers)
            response = self._connection.getresponse()
            text = response.read()
        except BaseException:
            self._connection.close()  # the next call opens it anew
            raise
        body = msgspec.json.decode(text)
        if response.status != 200:
            code = str(body.get("__type", response.status)).rpartition("#")[2]
            raise StreamRefusal(operation, code, str(body.get("message", "")))
        return StreamAnswer(body, len(text))
