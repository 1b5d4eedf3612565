"""Secrets Manager: the text of a secret. It is all that the functions ask it for."""

from typing import Protocol, TypedDict, cast


class _Found(TypedDict):
    SecretString: str


class _Client(Protocol):
    """What is used of boto3's client."""

    def get_secret_value(self, *, SecretId: str) -> _Found:  # noqa: N803 - boto3's own name
        """The secret with this ARN or name."""


def secret_text(secret: str) -> str:
    """The text of a secret.

    Args:
        secret: its ARN or its name.

    Raises:
        botocore.exceptions.ClientError: there is no such secret, or it may not be read.
    """
    import boto3

    client = cast(_Client, boto3.client("secretsmanager"))
    return client.get_secret_value(SecretId=secret)["SecretString"]
