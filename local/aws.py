"""Clients of the embedded AWS."""

from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

REGION: Final = "eu-west-1"
# Any key will do. Without one, botocore would look for real credentials in the user's home.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
_CONFIG = Config(
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "max_attempts": 5},
    max_pool_connections=50,
    s3={"addressing_style": "path"},
)
_SESSION = boto3.Session(
    aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
    aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    region_name=REGION,
)


def dynamodb(endpoint: str) -> "DynamoDBClient":
    """A client of DynamoDB."""
    return _SESSION.client("dynamodb", endpoint_url=endpoint, config=_CONFIG)


def s3(endpoint: str) -> "S3Client":
    """A client of S3."""
    return _SESSION.client("s3", endpoint_url=endpoint, config=_CONFIG)


def create_bucket(endpoint: str, name: str) -> None:
    """Create a bucket if it does not exist."""
    client = s3(endpoint)
    if name not in (bucket["Name"] for bucket in client.list_buckets()["Buckets"]):
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
