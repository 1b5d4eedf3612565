"""`ops token`."""

from pathlib import Path

import click

from ops.failing import OpsError
from ops.output import json_option, print_json
from ops.running_stack import RunningStack
from ops.target import announce_local, is_named, local_stack


@click.command()
@click.argument("role", default="")
@click.option("--sub", default="", help="The subject: an id, for a role that sees only its own.")
@json_option
def token(role: str, sub: str, as_json: bool) -> int:
    """Print a JWT that the local stack accepts. A deployment's tokens come from its identity provider."""
    if is_named():
        raise OpsError(
            "Tokens of a deployment come from its identity provider.", "Unset TABLE_PREFIX for one of the local stack."
        )
    stack = local_stack()
    announce_local(stack)
    issued = token_of(stack, role, sub)
    if as_json:
        print_json({"token": issued})
    else:
        click.echo(issued)
    return 0


def token_of(stack: RunningStack, role: str, subject: str = "") -> str:
    """A JWT that a local stack accepts.

    Raises:
        OpsError: there is no such role, or the role needs a subject.
    """
    from ops.issuing import sign_token

    if not role:
        raise OpsError(
            f"Which role? There are {', '.join(stack.roles)}.",
            f"make token ROLE={stack.roles[-1]}, or python -m ops token {stack.roles[-1]}",
        )
    if role not in stack.roles:
        raise OpsError(
            f"The role must be one of {', '.join(stack.roles)}, not {role!r}.",
            f"make token ROLE={stack.roles[-1]}, or python -m ops token {stack.roles[-1]}",
        )
    if role in stack.own_roles and not subject:
        raise OpsError(
            f"A {role} sees only its own, so the token needs an id.",
            f"make token ROLE={role} SUB=<id>, or python -m ops token {role} --sub <id>",
        )
    environment = stack.environment
    return sign_token(Path(stack.signing_key), environment["JWT_ISSUER"], environment["JWT_AUDIENCE"], role, subject)
