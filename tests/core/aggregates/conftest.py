"""Both stores of the made-up service, and the projector between them."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from chalicelib.core.dynamodb.codec import item_of
from chalicelib.core.mysql.connections import Readers, connect
from chalicelib.core.projector import ProjectorDeps, Writer, project
from chalicelib.core.service import Head
from tests.core.aggregates.billing import BILLING, CREATE_TABLE
from tests.core.histories import head, record
from tests.core.projecting import MemoryDeadLetters
from tests.support.domain import Domain
from tests.support.stores import Tables, fresh_database


class World:
    """The made-up service's write model, its read model, and the projector between them."""

    def __init__(self, tables: Tables, url: str) -> None:
        self.tables = tables
        self.table = tables.name("billing")
        self.url = url
        self.pool = Readers(url)
        self.writer = Writer(lambda: connect(url))
        self.dead = MemoryDeadLetters()
        tables.client.create_table(
            TableName=self.table,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        self.sql(CREATE_TABLE)

    def close(self) -> None:
        """Close all connections, and drop the table."""
        self.pool.close()
        self.writer.close()
        self.tables.client.delete_table(TableName=self.table)

    def write(self, *heads: Head) -> None:
        """Put items into the write model only."""
        for one in heads:
            self.tables.client.put_item(TableName=self.table, Item=item_of(one))

    def project(self, *heads: Head) -> list[str]:
        """Project these commits. Return the records that the projector reports as failed."""
        return self.feed([record("billing", one) for one in heads])

    def feed(self, records: Sequence[Any]) -> list[str]:
        """Project these records."""
        deps = ProjectorDeps(self.writer, self.dead, remaining_ms=lambda: 60_000, sleep=lambda _: None)
        return project(records, {"test-billing": BILLING, self.table: BILLING}, deps)

    def sql(self, statement: str) -> Sequence[Any]:
        """Read the read model, or change it."""
        with connect(self.url) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            found: Sequence[Any] = cursor.fetchall()
            return found


def commit(id: str, version: int = 1, amount: int = 5) -> Head:
    """Return a commit of an aggregate of the made-up service."""
    return head(id, version, {"amount": amount})


@pytest.fixture
def world(tables: Tables, mysql_server: str, domain: Domain) -> Iterator[World]:
    """Yield both sides, empty."""
    with fresh_database(mysql_server, domain) as url:
        world = World(tables, url)
        yield world
        world.close()
