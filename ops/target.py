"""The stack on which a command works: the one that the settings name, or else this clone's running local stack."""

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ops.failing import OpsError
from ops.running_stack import RunningStack, find_stack, state_folder

if TYPE_CHECKING:
    from chalicelib.core.settings import Settings

# Settings of a deployment, beside TABLE_PREFIX. If one is set and that is not, the local stack is not meant.
_OF_A_DEPLOYMENT = (
    "DATABASE_URL",
    "READ_DATABASE_URL",
    "AWS_ENDPOINT_URL",
    "DEAD_LETTER_TABLE",
    "DEAD_LETTER_BUCKET",
)


def is_named(env: Mapping[str, str] = os.environ) -> bool:
    """Whether the settings name a stack."""
    return bool(env.get("TABLE_PREFIX"))


def local_stack(env: Mapping[str, str] = os.environ) -> RunningStack:
    """This clone's running local stack.

    Raises:
        OpsError: it is not running, or a variable names a part of another stack.
    """
    stack = find_stack(state_folder(env))
    for name in _OF_A_DEPLOYMENT:
        if env.get(name, "") not in ("", stack.environment.get(name)):
            raise OpsError(
                f"{name} is set and is not the local stack's, but TABLE_PREFIX is not set: it is not clear which stack"
                " is meant.",
                f"For a deployment set TABLE_PREFIX too; for the local stack unset {name}.",
            )
    return stack


def announce_local(stack: RunningStack, env: Mapping[str, str] = os.environ) -> None:
    """Print that the command works on a local stack, and on which."""
    _tell(f"local, {stack.api_url}, kept in {state_folder(env)}")


def announce_named(settings: "Settings", env: Mapping[str, str] = os.environ) -> None:
    """Print which stack, named by settings, the command works on.

    Raises:
        BadDatabaseUrl: see `parse_url`.
    """
    where = env.get("AWS_ENDPOINT_URL") or env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or "the usual region"
    _tell(f"tables {settings.table_prefix}* in {where}; {_database(settings)}")


def _database(settings: "Settings") -> str:
    from chalicelib.core.mysql.connections import parse_url

    if not settings.database_url:
        return "no DATABASE_URL"
    place = parse_url(settings.database_url)
    return f"database {place.database} at {place.host}:{place.port} as {place.user}"


def _tell(what: str) -> None:
    """Print on standard error, since standard output is the command's."""
    print(f"Stack: {what}", file=sys.stderr, flush=True)
