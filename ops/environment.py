"""What a command works with: the runtime of its target, and a patient client."""

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

# Nobody waits for an answer here as a command's caller does; and a page of a scan is up to 1 MB over whatever line the
# operator has, from a table whose capacity the scan may use up.
_PATIENCE: Mapping[str, Any] = {
    "connect_timeout": 5,
    "read_timeout": 60,
    "retries": {"mode": "standard", "total_max_attempts": 10},
}
# A SUM over all base rows, or a CREATE TABLE behind long transactions, is one statement.
_STATEMENT_SECONDS, _LOCK_SECONDS = 3600, 50


def patient_dynamodb() -> "DynamoDBClient":
    """A client for reading whole tables: hours of work do not end at a slow page or at three throttled requests."""
    return dynamodb_client(**_PATIENCE)


def patient_mysql(url: str) -> "Connection[Any]":
    """A connection for statements that take long, and that wait for a row's lock as MySQL does by default.

    The cluster's own limit is for the projector.
    """
    connection = connect(url, read_timeout=_STATEMENT_SECONDS)
    connection.query(f"SET SESSION innodb_lock_wait_timeout = {_LOCK_SECONDS}")
    return connection


def load(*, changes_tables: bool = False) -> Runtime:
    """The runtime of the stack that is meant; the person is told which that is.

    Args:
        changes_tables: whether the command makes and drops tables; on a local stack it then gets the user who may.

    Raises:
        BadSettings, BadDatabaseUrl: the environment is unusable.
        OpsError: nothing names a stack, and this clone's does not run.
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
    """Those of the services that --service names, or all of them where it names none.

    Raises:
        click.UsageError: it names none of them.
    """
    names = set(chosen)
    if unknown := sorted(names - set(services)):
        raise click.UsageError(f"--service {unknown[0]} is not one of {', '.join(sorted(services))}.")
    return [service for name, service in services.items() if not names or name in names]
