"""What a command works on: a deployment, by the functions' own variables, or else the local stack."""

import os
from collections.abc import MutableMapping

from chalicelib.bootstrap import runtime
from chalicelib.core.runtime import Runtime
from local.config import Config
from local.env import app_env
from local.mariadb import PASSWORD, USER, with_database
from local.stack import DATABASE


def load(env: MutableMapping[str, str] = os.environ) -> Runtime:
    """The runtime that the environment describes.

    Raises:
        BadSettings, LocalError: the environment is unusable.
    """
    if is_local(env):
        config = Config.from_env(env)
        server = f"mysql://{USER}:{PASSWORD}@127.0.0.1:{config.mysql_port}"
        env.update(app_env(config, config.database_url or with_database(server, DATABASE)))
    return runtime()


def is_local(env: MutableMapping[str, str] = os.environ) -> bool:
    """Whether the local stack is meant: nothing names the tables of a deployment."""
    return not env.get("TABLE_PREFIX")
