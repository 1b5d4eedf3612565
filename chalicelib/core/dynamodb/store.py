"""The write store on DynamoDB: one table a service, one item an aggregate.

A commit becomes ONE conditional PutItem where that is enough, else ONE TransactWriteItems.

botocore repeats a request whose response was lost. So a failed condition may mean that our own first attempt
succeeded. An item that carries our commit id is therefore a success, and the command is not decided again.
An outcome that cannot be determined is reported as unknown. TransactWriteItems is idempotent by its token:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Never

from botocore.exceptions import ClientError

from chalicelib.core.backoff import pause_seconds
from chalicelib.core.commands.store import (
    ClaimTaken,
    Commit,
    ItemTooLarge,
    KeptResponse,
    KeyUsed,
    LostRace,
    OutcomeUnknown,
    StoreUnreachable,
    Throttled,
)
from chalicelib.core.dynamodb import requests
from chalicelib.core.dynamodb.codec import decode_item, head_of
from chalicelib.core.dynamodb.throttling import THROTTLED
from chalicelib.core.service import Head, Service
from chalicelib.core.telemetry.error_text import error_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_BATCH_GET = 100
BATCH_GET_TRIES = 6
PATIENT_TRIES = 20
"""For callers that keep nobody waiting, such as the operator's commands: about half a minute of throttling."""
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.02, 5.0
_OF_THE_REQUEST = {"SerializationException", "ValidationError", "ValidationException"}
_LOST_RACES = {"TransactionConflictException", "ReplicatedWriteConflictException"}


class DynamoStore:
    """The write store of one service.

    Args:
        client: of DynamoDB.
        table: the service's.
        service: whose upcasters bring what earlier releases stored into the present shape.
    """

    def __init__(self, client: "DynamoDBClient", table: str, service: Service) -> None:
        self._client = client
        self._table = table
        self._service = service

    def load(self, ids: Sequence[str]) -> dict[str, Head]:
        """See WriteStore.load."""
        unique = list(dict.fromkeys(ids))
        items = self._get(unique[0]) if len(unique) == 1 else batch_get(self._client, self._table, unique)
        return {head.id: head for head in (head_of(item, self._service) for item in items)}

    def kept_response(self, claim_id: str, now: int) -> KeptResponse | None:
        """See WriteStore.kept_response."""
        for item in self._get(claim_id):
            kept = decode_item(item)
            if kept["expires_at"] > now:
                return KeptResponse(claim_id, kept["fingerprint"], kept["response"], kept["expires_at"])
        return None

    def commit(self, commit: Commit) -> None:
        """See WriteStore.commit."""
        if requests.fits_one_put(commit):
            self._put(commit)
        else:
            self._transact(commit)

    def _get(self, id: str) -> list[Mapping[str, Any]]:
        try:
            answer = self._client.get_item(TableName=self._table, Key={"id": {"S": id}}, ConsistentRead=True)
        except Exception as error:
            _raise_read(error, self._table)
        return [answer["Item"]] if "Item" in answer else []

    def _put(self, commit: Commit) -> None:
        request = requests.put(self._table, commit.heads[0])
        try:
            self._client.put_item(**request)
        except ClientError as error:
            if _code(error) == "ConditionalCheckFailedException":
                self._explain_condition(error, commit.heads[0])
            else:
                self._settle(error, commit)
        except Exception as error:  # botocore's errors, and any other, such as a MemoryError
            self._settle(error, commit)

    def _explain_condition(self, error: ClientError, head: Head) -> None:
        """Return if the stored item is our own write. Otherwise raise what the failed condition means."""
        found: Mapping[str, Any] = error.response.get("Item", {})  # type: ignore[assignment]
        if _commit_of(found) == head.commit:
            return
        if _repeated(error) and _version_of(found) > head.version:
            # An earlier attempt of ours may have succeeded, and another commit may have replaced it since.
            # The version that would prove it is gone.
            raise OutcomeUnknown(f"{head.id} has moved past version {head.version}") from error
        raise LostRace(f"{head.id} is not at version {head.version - 1}") from error

    def _transact(self, commit: Commit) -> None:
        actions = requests.transaction(self._table, commit)
        try:
            # For ten minutes, DynamoDB treats a request with the same token as the same request.
            self._client.transact_write_items(TransactItems=actions, ClientRequestToken=commit.id)
        except ClientError as error:
            if _code(error) == "TransactionCanceledException":
                self._explain_cancellation(error, commit)
            else:
                self._settle(error, commit)
        except Exception as error:  # botocore's errors, and any other, such as a MemoryError
            self._settle(error, commit)

    def _explain_cancellation(self, error: ClientError, commit: Commit) -> None:
        """Return if the transaction was our own. Otherwise raise what its cancellation means.

        The reasons stand in the order of the actions: heads, unchanged, take, release, response.
        """
        reasons: Sequence[Mapping[str, Any]] = error.response.get("CancellationReasons", [])
        if any(_commit_of(reason.get("Item", {})) == commit.id for reason in reasons):
            return
        codes = [str(reason.get("Code", "None")) for reason in reasons]
        if THROTTLED.intersection(codes):
            raise Throttled(f"table {self._table} throttles") from error
        if "ValidationError" in codes:
            _refuse(error, "; ".join(str(reason.get("Message", "")) for reason in reasons))
        # Check the idempotency key first: the request that used it took the heads and the claims as well.
        if commit.response and codes[-1:] == ["ConditionalCheckFailed"]:
            raise KeyUsed(commit.response.claim_id) from error
        first = len(commit.heads) + len(commit.unchanged)
        if "ConditionalCheckFailed" in codes[:first]:
            # Check heads before claims: the commit that moved the head may have taken the same claim.
            raise LostRace(f"lost the race for {', '.join(head.id for head in commit.heads)}") from error
        for (claim, _), code, reason in zip(commit.take, codes[first:], reasons[first:], strict=False):
            if code == "ConditionalCheckFailed":
                raise ClaimTaken(claim, reason.get("Item", {}).get("owner", {}).get("S", "")) from error
        raise LostRace(f"another transaction holds an item of {self._table}") from error

    def _settle(self, error: Exception, commit: Commit) -> None:
        """Look whether an attempt wrote, after an error that does not say so.

        An idempotency key is the best proof, since no later commit replaces its item for 24 hours.
        """
        certain = isinstance(error, ClientError) and _status(error) < 500 and not _in_progress(error)
        if certain and not _repeated(error):
            _raise_refusal(error, self._table)
        found = self._find(commit)
        if found is not None:
            if _commit_of(found) == commit.id:
                return
            if commit.response and _expiry_of(found) > commit.now:
                raise KeyUsed(commit.response.claim_id) from error
            if certain and not (commit.heads and _version_of(found) > commit.heads[0].version):
                _raise_refusal(error, self._table)
        raise OutcomeUnknown(f"no certain answer from table {self._table}: {error_text(error)}") from error

    def _find(self, commit: Commit) -> Mapping[str, Any] | None:
        """An item that the commit would have made; {} if there is none, None if it cannot be read."""
        try:
            return next(iter(self._get(commit.response.claim_id if commit.response else commit.heads[0].id)), {})
        except (StoreUnreachable, Throttled):
            return None


def batch_get(
    client: "DynamoDBClient", table: str, ids: Sequence[str], *, tries: int = BATCH_GET_TRIES, projection: str = ""
) -> list[Mapping[str, Any]]:
    """Read up to 100 items consistently.

    Args:
        client: a DynamoDB client.
        table: the table's name.
        ids: the partition keys, without duplicates. Without ids, no request is sent.
        tries: how often to ask for keys that DynamoDB leaves unprocessed, with growing pauses.
        projection: a ProjectionExpression; "" reads whole items.

    Returns:
        The items that exist, in any sequence.

    Raises:
        StoreUnreachable, Throttled: see `WriteStore.load`.
        ClientError: the request itself is wrong.
        ValueError: there are more than 100 ids.
    """
    if len(ids) > MAX_BATCH_GET:
        raise ValueError(f"{len(ids)} ids at once; DynamoDB takes {MAX_BATCH_GET}")
    items: list[Mapping[str, Any]] = []
    if not ids:
        return items
    wanted: Any = {table: {"Keys": [{"id": {"S": id}} for id in ids], "ConsistentRead": True}}
    if projection:
        wanted[table]["ProjectionExpression"] = projection
    try:
        for attempt in range(1, tries + 1):
            answer = client.batch_get_item(RequestItems=wanted)
            items += answer["Responses"].get(table, [])
            wanted = answer.get("UnprocessedKeys")
            if not wanted:
                return items
            time.sleep(pause_seconds(attempt, _FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS))
    except Exception as error:
        _raise_read(error, table)
    raise Throttled(f"table {table} leaves keys unprocessed")


def is_of_the_request(refusal: ClientError) -> bool:
    """Whether DynamoDB refuses a request because of its content, and so will refuse it every time.

    Any other refusal may pass, or has its cause in the deployment, such as a missing permission or table.
    """
    reasons: Sequence[Mapping[str, Any]] = refusal.response.get("CancellationReasons", [])
    codes = {_code(refusal), *(str(reason.get("Code")) for reason in reasons)}
    return bool(codes & _OF_THE_REQUEST)


def _raise_read(error: Exception, table: str) -> Never:
    """Raise what a failed read means; DynamoDB's own error if the request was wrong."""
    if isinstance(error, ClientError) and is_of_the_request(error):
        raise error
    if _code(error) in THROTTLED:
        raise Throttled(f"table {table} throttles") from error
    raise StoreUnreachable(f"table {table} cannot be read: {error_text(error)}") from error


def _raise_refusal(error: Exception, table: str) -> Never:
    """Raise what a refused write means if no condition failed and nothing was written."""
    code = _code(error)
    if code in THROTTLED:
        raise Throttled(f"table {table} throttles") from error
    if code in _LOST_RACES:
        raise LostRace(f"another transaction holds an item of {table}") from error
    _refuse(error, str(error))


def _refuse(error: Exception, message: str) -> Never:
    if "item size" in message.lower():
        raise ItemTooLarge(message) from error
    raise error


def _code(error: Exception) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def _status(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)


def _repeated(error: Exception) -> bool:
    """Whether botocore sent the request more than once."""
    return isinstance(error, ClientError) and error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0


def _in_progress(error: ClientError) -> bool:
    """Whether an earlier attempt of the same transaction is still in progress."""
    return _code(error) == "TransactionInProgressException"


def _commit_of(item: Mapping[str, Any]) -> str | None:
    commit: Mapping[str, str] = item.get("commit", {})
    return commit.get("S")


def _expiry_of(item: Mapping[str, Any]) -> int:
    return int(item.get("expires_at", {}).get("N", 0))


def _version_of(item: Mapping[str, Any]) -> int:
    return int(item.get("version", {}).get("N", 0))
