"""A record of the AWS calls that each function makes, and the calls that a role allows."""

import fnmatch
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import boto3
from botocore.awsrequest import AWSResponse

ACCOUNT = "arn:aws:dynamodb:eu-west-1:000000000000:table/"
BUCKET = "arn:aws:s3:::"
_TRANSACTION = {
    "Put": "dynamodb:PutItem",
    "Delete": "dynamodb:DeleteItem",
    "Update": "dynamodb:UpdateItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}
# Actions that no handler calls. Lambda itself logs, reads the streams, puts the function into the VPC, and asks for the
# bucket for batches that were given up. X-Ray's daemon sends the traces. rds-db:connect is a signature, not a call.
NOT_BY_HANDLERS = re.compile(
    r"logs:.*|xray:.*|ec2:.*|rds-db:connect|s3:ListBucket"
    r"|dynamodb:(DescribeStream|GetRecords|GetShardIterator|ListStreams)"
)


class AwsCall(NamedTuple):
    """A call as IAM sees it. A transaction is one call for each of its items.

    Attributes:
        action: such as "dynamodb:PutItem".
        resource: an ARN.
        key: the item's partition key; "" if there is none.
    """

    action: str
    resource: str
    key: str = ""


class _Body(io.BytesIO):
    """The part of urllib3's response that botocore reads."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """Return the whole body."""
        yield self.getvalue()


class Recorder:
    """A record of every call that boto3's default session makes, by the function that runs at the time."""

    def __init__(self) -> None:
        self.calls: dict[str, set[AwsCall]] = {}
        self._function: ContextVar[str] = ContextVar("function", default="")
        self._failing: tuple[str, int] = ("", 0)

    @contextmanager
    def watching(self) -> Iterator["Recorder"]:
        """Record the calls of clients that are created from now on."""
        before = boto3.DEFAULT_SESSION
        boto3.setup_default_session()
        assert boto3.DEFAULT_SESSION is not None
        boto3.DEFAULT_SESSION.events.register("before-parameter-build", self._note)
        boto3.DEFAULT_SESSION.events.register("before-send", self._fail)
        try:
            yield self
        finally:
            boto3.DEFAULT_SESSION = before

    @contextmanager
    def function(self, name: str) -> Iterator[None]:
        """Record the calls inside the block as calls of this function."""
        token = self._function.set(name)
        try:
            yield
        finally:
            self._function.reset(token)

    def fail(self, operation: str, times: int) -> None:
        """Answer the next requests of an operation with 500, so that their outcome is unknown."""
        self._failing = (operation, times)

    def _fail(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        operation, times = self._failing
        if not times or not event_name.endswith(f".{operation}"):
            return None
        self._failing = (operation, times - 1)
        body = _Body(b'{"__type": "InternalServerError"}')
        return AWSResponse(request.url, 500, {"Content-Type": "application/x-amz-json-1.0"}, body)

    def _note(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        found = calls_of(model.service_model.endpoint_prefix, model.name, params)
        self.calls.setdefault(self._function.get(), set()).update(found)


def calls_of(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[AwsCall]:
    """Return the calls that a request of boto3 is for IAM."""
    match service, operation:
        case "dynamodb", "BatchGetItem":
            for table, asked in params["RequestItems"].items():
                yield from (AwsCall("dynamodb:BatchGetItem", ACCOUNT + table, _key(key)) for key in asked["Keys"])
        case "dynamodb", "TransactWriteItems":
            for item in params["TransactItems"]:
                ((kind, action),) = item.items()
                yield AwsCall(
                    _TRANSACTION[kind], ACCOUNT + action["TableName"], _key(action.get("Key", action.get("Item")))
                )
        case "dynamodb", _:
            key = _key(params.get("Key", params.get("Item", {})))
            yield AwsCall(f"dynamodb:{operation}", ACCOUNT + params["TableName"], key)
        case "s3", "PutObject" | "GetObject" | "DeleteObject":
            yield AwsCall(f"s3:{operation}", f"{BUCKET}{params['Bucket']}/{params['Key']}")
        case "secretsmanager", "GetSecretValue":
            yield AwsCall("secretsmanager:GetSecretValue", params["SecretId"])
        case _:
            raise LookupError(f"tests/support/aws_calls.py does not know what {service} {operation} takes of IAM")


def _key(attributes: Mapping[str, Any]) -> str:
    return str(attributes.get("id", {}).get("S", ""))


class Grant(NamedTuple):
    """An action on a resource that a statement allows.

    Attributes:
        action: such as "dynamodb:PutItem".
        resource: an ARN, which may contain `*`.
        keys: patterns of the partition key; if there are none, any key is allowed.
    """

    action: str
    resource: str
    keys: tuple[str, ...] = ()

    def allows(self, call: AwsCall) -> bool:
        """Return whether the grant allows a call."""
        return (
            self.action == call.action
            and fnmatch.fnmatchcase(call.resource, self.resource)
            and (not self.keys or any(fnmatch.fnmatchcase(call.key, pattern) for pattern in self.keys))
        )


def grants(statements: Iterable[Mapping[str, Any]]) -> list[Grant]:
    """Return the grants of statements, without the actions that no handler calls."""
    return [
        Grant(action, resource, _keys(statement))
        for statement in statements
        if statement["Effect"] == "Allow"
        for action in _many(statement["Action"])
        if not NOT_BY_HANDLERS.fullmatch(action)
        for resource in _many(statement["Resource"])
    ]


def _keys(statement: Mapping[str, Any]) -> tuple[str, ...]:
    conditions: Iterable[Mapping[str, Sequence[str]]] = statement.get("Condition", {}).values()
    return tuple(pattern for condition in conditions for pattern in condition["dynamodb:LeadingKeys"])


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
