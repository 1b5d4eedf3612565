"""The API's address and token: those of the command line, else those of this clone's local stack while it runs."""

import os
from typing import NamedTuple

from ops.failing import OpsError
from ops.target import announce_local, is_named, local_stack
from ops.token import token_of

SUBJECT = "seed"
TOKEN = "TRIBUTARY_TOKEN"


class ApiAccess(NamedTuple):
    """An API's address, and a JWT that it accepts."""

    url: str
    token: str


def access(url: str | None, token: str | None) -> ApiAccess:
    """Return the API to use. Print its address if it is the local stack's.

    Args:
        url: the URL of the command line, if any.
        token: the token of the command line, if any; default: TRIBUTARY_TOKEN, else an admin's of the local stack.

    Raises:
        OpsError: no URL is given and the local stack does not run, or another API's token is missing.
    """
    token = token or os.environ.get(TOKEN)
    if url:
        if not token:
            raise OpsError(f"There is no token for {url}.", f"Give it with --token or {TOKEN}.")
        return ApiAccess(url, token)
    if is_named():
        raise OpsError("TABLE_PREFIX names a stack, and nothing says where its API is.", "Give it with --url.")
    stack = local_stack()
    announce_local(stack)
    return ApiAccess(stack.api_url, token or token_of(stack, "admin", SUBJECT))
