"""A write model in real tables, its read model, and a projector between them that a test runs when it needs it."""

import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from chalicelib.core.dynamodb.codec import item_of
from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector import DynamoDeadLetters, ProjectorDeps, Writer, project
from chalicelib.core.service import Head, Service
from ops.verify import Drift, Target, VerifyOptions, VerifyReport, verify
from tests.core.histories import account_state, head, record, transfer_state
from tests.support import commands
from tests.support.commands import Output
from tests.support.stores import Tables

Commit = tuple[str, Head]
"""A service's name, and what it wrote."""


def transfer(id: str, version: int = 1, status: str = "accepted", *, deleted: bool = False, **state: Any) -> Commit:
    """Return a commit of a transfer with two legs. `state` replaces made-up values."""
    return "transfers", head(id, version, transfer_state(status, **state), deleted=deleted)


def account(number: str, version: int = 1, *, deleted: bool = False, **state: Any) -> Commit:
    """Return a commit of an account. `state` replaces made-up values."""
    return "accounts", head(number, version, account_state(**state), deleted=deleted)


@contextmanager
def quiet(_what: str, _total: int | None) -> Iterator[Any]:
    """Run a phase without output."""
    yield lambda _count: None


STATUS = "INSERT INTO service_status (service, lag_seconds, dead_letters, checked_at)"
"""What the scheduled check keeps, of which a test writes the values."""


class World:
    """The write model, the read model, and the projector between them.

    Args:
        tables: the write model, of any domain.
        url: the URL of that domain's read model.
    """

    def __init__(self, tables: Tables, url: str) -> None:
        self.tables = tables
        self.url = url
        self.dead_letters = DynamoDeadLetters(
            tables.client, tables.name("dead-letters"), services=tables.domain.services
        )
        self.writer = Writer(lambda: connect(url))
        self.services: Sequence[Service] = list(tables.domain.services.values())

    def write(self, *commits: Commit) -> None:
        """Put items into the write model only; of several versions of one item, the last."""
        puts = {(service, item.id): {"PutRequest": {"Item": item_of(item)}} for service, item in commits}
        for service in {service for service, _ in puts}:
            mine = [put for (of, _), put in puts.items() if of == service]
            for start in range(0, len(mine), 25):  # the most that one request takes
                request: Any = {self.tables.name(service): mine[start : start + 25]}
                assert not self.tables.client.batch_write_item(RequestItems=request)["UnprocessedItems"]

    def remove(self, service: str, id: str) -> None:
        """Remove an item from the write model, as nothing in Tributary does."""
        self.tables.client.delete_item(TableName=self.tables.name(service), Key={"id": {"S": id}})

    def project(self, *commits: Commit) -> list[str]:
        """Project those commits."""
        deps = ProjectorDeps(self.writer, self.dead_letters, remaining_ms=lambda: 60_000, sleep=lambda _: None)
        services = {self.tables.name(service.name): service for service in self.services}
        return project([self.record(*commit) for commit in commits], services, deps)

    def record(self, service: str, item: Head) -> dict[str, Any]:
        """Return a record as the table's own stream would have it."""
        made = record(service, item)
        made["eventSourceARN"] = made["eventSourceARN"].replace(f"test-{service}", self.tables.name(service))
        return made

    def commit(self, *commits: Commit) -> None:
        """Write and project."""
        self.write(*commits)
        assert self.project(*commits) == []

    @property
    def env(self) -> dict[str, str]:
        """The environment with which a command works on this world."""
        return {
            **self.tables.domain.env,
            "TABLE_PREFIX": self.tables.prefix,
            "AWS_ENDPOINT_URL": self.tables.endpoint,
            "DATABASE_URL": self.url,
            "DEAD_LETTER_BUCKET": "",
        }

    def ops(self, *arguments: str, typed: str = "", **env: str) -> Output:
        """Run a command of the command line. `env` replaces variables."""
        return commands.run(*arguments, env={**self.env, **env}, typed=typed)

    def start(self, *arguments: str, before: Callable[[], object] | None = None) -> "subprocess.Popen[str]":
        """Start a command as a process of its own, for tests that end it. `before` is called in that process first."""
        return commands.start(*arguments, env=self.env, before=before)

    def sql(self, statement: str) -> Sequence[Any]:
        """Change the read model, or read it."""
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
        """Verify. Return the report and all findings."""
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
        """Return the targets of a verification: these services or all, by their newest projections."""
        return [
            Target(service, self.tables.name(service.name), service.projection)
            for service in self.services
            if not names or service.name in names
        ]

    @property
    def connection(self) -> Any:
        """Return a connection to the read model."""
        return self.writer.connection()

    def close(self) -> None:
        """Close all connections."""
        self.writer.close()


def kinds(found: Iterable[Drift]) -> set[tuple[str, str]]:
    """Return the findings by kind and key."""
    return {(drift.kind.value, drift.key) for drift in found}
