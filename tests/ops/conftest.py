"""A write model in real tables, its read model, and a projector between them that a test runs when it likes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from chalicelib.core.dynamodb.codec import item_of
from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector import DynamoDeadLetters, ProjectorDeps, Writer, project
from chalicelib.core.service import Head, Service
from local import ROOT
from ops.verify import Drift, Target, VerifyOptions, VerifyReport, verify
from tests.shop.histories import SERVICES, head, order_state, record
from tests.support.stores import Tables

Commit = tuple[str, Head]


def order(id: str, version: int = 1, status: str = "confirmed", *, deleted: bool = False, **state: Any) -> Commit:
    """A commit of an order with two lines."""
    made = order_state(status, [("A", 2, 150), ("B", 1, 99)], **state)
    return "orders", head(id, version, made, deleted=deleted)


def product(sku: str, version: int = 1, *, deleted: bool = False, **state: Any) -> Commit:
    """A commit of a product."""
    made = {"name": f"Thing {sku}", "price": 100, "currency": "GBP", "created_at": "2026-11-23T10:00:00.000Z", **state}
    return "catalog", head(sku, version, made, deleted=deleted)


class Output(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, as JSON."""
        return json.loads(self.out)


@contextmanager
def quiet(_what: str, _total: int | None) -> Iterator[Any]:
    """A phase that shows nothing."""
    yield lambda _count: None


class World:
    """Both sides, and what is between them."""

    def __init__(self, tables: Tables, url: str) -> None:
        self.tables = tables
        self.url = url
        self.dead_letters = DynamoDeadLetters(tables.client, tables.name("dead-letters"))
        self.writer = Writer(lambda: connect(url))
        self.services: Sequence[Service] = list(SERVICES.values())

    def write(self, *commits: Commit) -> None:
        """Put items into the write model alone; of several versions of one, the last."""
        puts = {(service, item.id): {"PutRequest": {"Item": item_of(item)}} for service, item in commits}
        for service in {service for service, _ in puts}:
            mine = [put for (of, _), put in puts.items() if of == service]
            for start in range(0, len(mine), 25):  # as many as one request takes
                request: Any = {self.tables.name(service): mine[start : start + 25]}
                assert not self.tables.client.batch_write_item(RequestItems=request)["UnprocessedItems"]

    def remove(self, service: str, id: str) -> None:
        """Take an item out of the write model, as nothing in Tributary does."""
        self.tables.client.delete_item(TableName=self.tables.name(service), Key={"id": {"S": id}})

    def project(self, *commits: Commit) -> list[str]:
        """Let the projector see those commits."""
        deps = ProjectorDeps(self.writer, self.dead_letters, remaining_ms=lambda: 60_000, sleep=lambda _: None)
        services = {self.tables.name(service.name): service for service in self.services}
        return project([self.record(*commit) for commit in commits], services, deps)

    def record(self, service: str, item: Head) -> dict[str, Any]:
        """As the table's own stream would have it."""
        made = record(service, item)
        made["eventSourceARN"] = made["eventSourceARN"].replace(f"test-{service}", self.tables.name(service))
        return made

    def ops(self, *arguments: str, typed: str = "", **env: str) -> Output:
        """Run the command line, as a process of its own."""
        process = self.start(*arguments, **env)
        out, err = process.communicate(typed, timeout=120)
        return Output(process.returncode, out, err)

    def start(self, *arguments: str, before: Any = None, **env: str) -> "subprocess.Popen[str]":
        """Start the command line, as a process of its own, in which `before` is called first."""
        environment = {
            **os.environ,
            "TABLE_PREFIX": self.tables.prefix,
            "AWS_ENDPOINT_URL": self.tables.endpoint,
            "DATABASE_URL": self.url,
            "DEAD_LETTER_BUCKET": "",
            **env,
        }
        pipe = subprocess.PIPE
        command = [sys.executable, "-m", "ops", *arguments]
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True, preexec_fn=before
        )

    def commit(self, *commits: Commit) -> None:
        """Both: write and project."""
        self.write(*commits)
        assert self.project(*commits) == []

    def sql(self, statement: str) -> Sequence[Any]:
        """Tamper with the read model, or read it."""
        connection = connect(self.url)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                rows: Sequence[Any] = cursor.fetchall()
                return rows
        finally:
            connection.close()

    def verify(
        self, *, repair: bool = False, settle: float = 0.0, phase: Any = quiet
    ) -> tuple[VerifyReport, list[Drift]]:
        """Verify; the report, and all that was found."""
        found: list[Drift] = []
        report = verify(
            self.targets(),
            self.tables.client,
            lambda: connect(self.url),
            VerifyOptions(repair=repair, settle_seconds=settle, segments=2),
            phase=phase,
            on_drift=found.append,
        )
        return report, found

    def targets(self, *names: str) -> list[Target]:
        """What to verify: those services, or all, by their newest projections."""
        return [
            Target(service, self.tables.name(service.name), service.projection)
            for service in self.services
            if not names or service.name in names
        ]

    @property
    def connection(self) -> Any:
        """A connection to the read model."""
        return self.writer.connection()

    def close(self) -> None:
        """Close what was opened."""
        self.writer.close()


@pytest.fixture
def world(tables: Tables, database: str) -> Iterator[World]:
    """Both sides, empty."""
    world = World(tables, database)
    yield world
    world.close()


def kinds(found: Iterable[Drift]) -> set[tuple[str, str]]:
    """What was found, by kind and key."""
    return {(drift.kind.value, drift.key) for drift in found}
