"""What a command works on: a deployment, by the functions' own variables, or else the local stack."""

import os
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from chalicelib.core.composition_root import composition_root
from chalicelib.core.runtime import Runtime, dynamodb_client
from local.config import Config
from local.env import app_env
from local.mariadb import PASSWORD, USER, with_database
from local.stack import DATABASE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Nobody waits for an answer here as a command's caller does; and a page of a scan is up to 1 MB over whatever line the
# operator has, from a table whose capacity the scan may use up.
_PATIENCE: Mapping[str, Any] = {
    "connect_timeout": 5,
    "read_timeout": 60,
    "retries": {"mode": "standard", "total_max_attempts": 10},
}


def patient_dynamodb() -> "DynamoDBClient":
    """A client for reading whole tables: hours of work do not end at a slow page or at three throttled requests."""
    return dynamodb_client(**_PATIENCE)


def load(env: MutableMapping[str, str] = os.environ) -> Runtime:
    """The runtime that the environment describes.

    Raises:
        BadSettings, LocalError: the environment is unusable.
    """
    if is_local(env):
        config = Config.from_env(env)
        server = f"mysql://{USER}:{PASSWORD}@127.0.0.1:{config.mysql_port}"
        env.update(app_env(config, config.database_url or with_database(server, DATABASE)))
    return composition_root().runtime()


def is_local(env: MutableMapping[str, str] = os.environ) -> bool:
    """Whether the local stack is meant: nothing names the tables of a deployment."""
    return not env.get("TABLE_PREFIX")
