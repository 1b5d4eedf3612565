"""Tables and databases of a test's own, on servers that all tests share."""

import itertools
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.core.mysql.connections import connect
from local import aws
from local.mariadb import with_database
from local.template import Template, create_tables
from tests.support.domain import OWN, Domain

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Tables:
    """A fresh set of a domain's tables.

    Attributes:
        prefix: TABLE_PREFIX; `<prefix><service>` is a table.
        endpoint: AWS_ENDPOINT_URL.
        client: a client of DynamoDB at that endpoint.
        domain: the domain of the tables.
    """

    prefix: str
    endpoint: str
    client: "DynamoDBClient"
    domain: Domain = OWN

    def name(self, service: str) -> str:
        """Return the name of a service's table."""
        return f"{self.prefix}{service}"

    @property
    def env(self) -> dict[str, str]:
        """The environment of a process that works on the tables, in addition to this process's."""
        region = {"AWS_REGION": aws.REGION, "AWS_DEFAULT_REGION": aws.REGION}
        stores = {"AWS_ENDPOINT_URL": self.endpoint, "TABLE_PREFIX": self.prefix}
        return {**os.environ, **aws.CREDENTIALS, **region, **stores}

    def items(self, service: str) -> list[Mapping[str, Any]]:
        """Return all items of a service's table, as attribute values."""
        pages = self.client.get_paginator("scan").paginate(TableName=self.name(service), ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]


@contextmanager
def fresh_tables(endpoint: str, domain: Domain = OWN) -> Iterator[Tables]:
    """Yield a domain's tables under a new prefix. Delete them at the end."""
    tables = Tables(f"t{secrets.token_hex(4)}-", endpoint, aws.dynamodb(endpoint), domain)
    names = create_tables(tables.client, Template(tables.prefix, domain.template))
    yield tables
    for name in names:
        # The template protects the tables of a deployment, and MiniStack would enforce that.
        tables.client.update_table(TableName=name, DeletionProtectionEnabled=False)
        tables.client.delete_table(TableName=name)


@contextmanager
def fresh_database(server: str, domain: Domain = OWN) -> Iterator[str]:
    """Yield the URL of a new database with a domain's read model. Drop it at the end."""
    name = f"tributary_test_{os.getpid()}_{next(_numbers)}"
    url = with_database(server, name)
    domain.migrate(url)
    yield url
    connection = connect(server)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE `{name}`")
    connection.close()


def empty(url: str) -> None:
    """Empty every table of the read model. A table that is empty already costs almost nothing."""
    connection = connect(url)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_name <> 'schema_migrations'"
        )
        for (table,) in cursor.fetchall():
            # TRUNCATE creates the table's files again, which takes longer than DELETE if there are only a few rows.
            if cursor.execute(f"SELECT 1 FROM `{table}` LIMIT 2000"):
                cursor.execute(f"{'TRUNCATE' if cursor.rowcount == 2000 else 'DELETE FROM'} `{table}`")
    connection.close()
