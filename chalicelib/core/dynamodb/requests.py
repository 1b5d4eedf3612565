"""The DynamoDB requests that write a commit."""

from typing import Any

from chalicelib.core.commands.store import Commit, KeptResponse
from chalicelib.core.dynamodb.codec import encode, encode_item, item_of
from chalicelib.core.service import Claim, Head

MAX_TRANSACTION_ITEMS = 100
_ALL_OLD = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


def fits_one_put(commit: Commit) -> bool:
    """Whether the commit is one aggregate and nothing else. A transaction would cost twice as much."""
    alone = not (commit.unchanged or commit.take or commit.release or commit.response)
    return len(commit.heads) == 1 and alone


def put(table: str, head: Head) -> dict[str, Any]:
    """A PutItem that replaces the previous version, or creates the item if this is the first version."""
    return {"TableName": table, "Item": item_of(head), **_follows(head), **_ALL_OLD}


def transaction(table: str, commit: Commit) -> list[Any]:
    """The actions of a commit, in this order: heads, unchanged, take, release, response.

    Raises:
        ValueError: there are more than the 100 that DynamoDB accepts. Field limits should have prevented this.
    """
    actions = [
        *({"Put": put(table, head)} for head in commit.heads),
        *({"ConditionCheck": _check(table, head)} for head in commit.unchanged),
        *({"Put": _take(table, claim, owner, commit.id)} for claim, owner in commit.take),
        *({"Delete": _release(table, claim, owner)} for claim, owner in commit.release),
        *({"Put": _keep(table, commit, kept)} for kept in [commit.response] if kept),
    ]
    if len(actions) > MAX_TRANSACTION_ITEMS:
        raise ValueError(f"{len(actions)} items in one commit; DynamoDB takes {MAX_TRANSACTION_ITEMS}")
    return actions


def _follows(head: Head) -> dict[str, Any]:
    if head.version == 1:
        return {"ConditionExpression": "attribute_not_exists(id)"}
    return {
        "ConditionExpression": "version = :expected",
        "ExpressionAttributeValues": {":expected": encode(head.version - 1)},
    }


def _check(table: str, head: Head) -> dict[str, Any]:
    return {
        "TableName": table,
        "Key": {"id": {"S": head.id}},
        "ConditionExpression": "version = :expected",
        "ExpressionAttributeValues": {":expected": encode(head.version)},
    }


def _take(table: str, claim: Claim, owner: str, commit_id: str) -> dict[str, Any]:
    return {
        "TableName": table,
        "Item": encode_item({"id": claim.item_id, "owner": owner, "commit": commit_id}),
        "ConditionExpression": "attribute_not_exists(id)",
        **_ALL_OLD,
    }


def _release(table: str, claim: Claim, owner: str) -> dict[str, Any]:
    return {
        "TableName": table,
        "Key": {"id": {"S": claim.item_id}},
        # "owner" is a reserved word of DynamoDB's expressions.
        "ConditionExpression": "attribute_not_exists(id) OR #owner = :owner",
        "ExpressionAttributeNames": {"#owner": "owner"},
        "ExpressionAttributeValues": {":owner": {"S": owner}},
    }


def _keep(table: str, commit: Commit, kept: KeptResponse) -> dict[str, Any]:
    return {
        "TableName": table,
        "Item": encode_item(
            {
                "id": kept.claim_id,
                "fingerprint": kept.fingerprint,
                "response": kept.response,
                "expires_at": kept.expires_at,
                "commit": commit.id,
            }
        ),
        # TTL removes late, by hours: an expired key counts as absent.
        "ConditionExpression": "attribute_not_exists(id) OR expires_at <= :now",
        "ExpressionAttributeValues": {":now": encode(commit.now)},
        **_ALL_OLD,
    }
