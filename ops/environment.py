"""The environment of a command: the runtime of its stack, and clients with long time-outs."""

import getpass
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from chalicelib.core.composition_root import composition_root
from chalicelib.core.mysql.connections import connect
from chalicelib.core.mysql.migration_sets import MigrationSet
from chalicelib.core.runtime import Runtime, dynamodb_client
from chalicelib.core.service import Service
from ops.target import announce_local, announce_named, is_named, local_stack

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

# No client waits for an answer here. A page of a scan has up to 1 MB, which may take long over a slow line, and the
# scan may use up the table's capacity.
_PATIENCE: Mapping[str, Any] = {
    "connect_timeout": 5,
    "read_timeout": 60,
    "retries": {"mode": "standard", "total_max_attempts": 10},
}
# A SUM over all base rows, or a CREATE TABLE behind long transactions, is one statement.
_STATEMENT_SECONDS, _LOCK_SECONDS = 3600, 50


def patient_dynamodb() -> "DynamoDBClient":
    """A client for reading whole tables: a slow page or a few throttled requests do not end hours of work."""
    return dynamodb_client(**_PATIENCE)


def patient_mysql(url: str) -> "Connection[Cursor]":
    """A connection for long statements. It waits for a row's lock as long as MySQL does by default.

    The shorter limit of the cluster is meant for the projector.
    """
    connection = connect(url, read_timeout=_STATEMENT_SECONDS)
    connection.query(f"SET SESSION innodb_lock_wait_timeout = {_LOCK_SECONDS}")
    return connection


def load(*, changes_tables: bool = False) -> Runtime:
    """The runtime of the command's stack. It prints which stack that is.

    Args:
        changes_tables: whether the command creates and drops tables. On a local stack it then gets the user who may.

    Raises:
        BadSettings, BadDatabaseUrl: the environment is unusable.
        OpsError: the settings name no stack, and this clone's local stack is not running.
    """
    stack = None if is_named() else local_stack()
    if stack:
        url = {"DATABASE_URL": stack.migrations_database_url} if changes_tables else {}
        click.get_current_context().with_resource(_environment({**stack.environment, **url}))
    root = composition_root()  # after the environment says all that it will
    loaded = Runtime.from_env(root.SERVICES, root.PERMISSIONS, root.PORTS)
    if stack:
        announce_local(stack)
    else:
        announce_named(loaded.settings)
    return loaded


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Add to the process's environment, which the AWS SDK reads, until the command ends."""
    before = {name: os.environ[name] for name in variables if name in os.environ}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]
        os.environ.update(before)


def migration_sets() -> Sequence[MigrationSet]:
    """The migrations of the read model."""
    return composition_root().MIGRATIONS


def services_of(services: Mapping[str, Service], chosen: Iterable[str]) -> list[Service]:
    """The services that --service names, or all services without that option.

    Raises:
        click.UsageError: a name is not a service's.
    """
    names = set(chosen)
    if unknown := sorted(names - set(services)):
        raise click.UsageError(f"--service {unknown[0]} is not one of {', '.join(sorted(services))}.")
    return [service for name, service in services.items() if not names or name in names]


def operator() -> str:
    """Who runs the command."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # a user without a name, as in many containers
        return f"user {os.getuid()}"
