"""Clients of AWS. botocore makes them; boto3 would add resources and transfers, which nothing here uses."""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.session import Session


@cache
def session() -> "Session":
    """The session of this process. It finds region and credentials as boto3's default session does."""
    from botocore.session import get_session  # takes 0.1 s, which a query function never needs

    return get_session()


def client(service: str, config: "Config | None" = None) -> Any:
    """Make a client; annotate it with boto3's type of the same service, such as DynamoDBClient."""
    return session().create_client(service, config=config)
