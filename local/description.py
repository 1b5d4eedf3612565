"""The description of the running local stack, for `ops` and the demo; see ops/running_stack.py."""

from chalicelib.core.access.permissions import Permissions
from local import keys
from local.config import Config
from local.env import app_env
from ops.running_stack import RunningStack


def describe(
    config: Config, database_url: str, permissions: Permissions, migrations_database_url: str = ""
) -> RunningStack:
    """The description of a stack.

    Args:
        config: the configuration.
        database_url: the URL of the read model's writer.
        permissions: the app's permissions, with its roles.
        migrations_database_url: the URL with the user who may create and drop tables; by default database_url.
    """
    return RunningStack(
        api_url=f"http://localhost:{config.api_port}",
        environment=app_env(config, database_url),
        migrations_database_url=migrations_database_url or database_url,
        signing_key=str(keys.private_key_path(config.keys)),
        roles=list(permissions.roles),
        own_roles=[role for role in permissions.roles if permissions.needs_subject(role)],
    )
