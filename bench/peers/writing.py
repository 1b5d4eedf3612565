"""A customer's change in DynamoDB, with pydantic's types, for the bodies and the answers of both frameworks."""

# mypy: ignore-errors
# Its libraries are only in .venv-peers.

import os
from typing import Annotated

import boto3
from pydantic import BaseModel, Field

table = boto3.resource("dynamodb").Table(os.environ["PEER_TABLE"])


class CustomerChange(BaseModel):
    """The fields to change."""

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    country: Annotated[str, Field(max_length=60)] | None = None


class Changed(BaseModel):
    """A customer after the change."""

    id: str
    version: int
    name: str
    email: str
    country: str | None = None


def change(id: str, new: CustomerChange) -> Changed | None:
    """Read the customer, change it, and write it unless another writer did meanwhile. Return None if there is none."""
    item = table.get_item(Key={"id": id}, ConsistentRead=True).get("Item")
    if item is None:
        return None
    changed = {**item, **new.model_dump(exclude_unset=True), "version": item["version"] + 1}
    table.put_item(
        Item=changed,
        ConditionExpression="version = :expected",
        ExpressionAttributeValues={":expected": item["version"]},
    )
    return Changed(**changed)
