"""Both stores, and everything between them, of a release that can be chosen."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.core.commands.pipeline import Envelope, handle
from chalicelib.core.decider import Command
from chalicelib.core.dynamodb.codec import encode_item, item_of
from chalicelib.core.dynamodb.store import DynamoStore
from chalicelib.core.mysql.connections import connect
from chalicelib.core.operations.dead_letters.letters import Letters
from chalicelib.core.operations.dead_letters.redrive import RedriveResult, redrive
from chalicelib.core.projector.handler import project_event
from chalicelib.core.reactor.handler import react_to_event
from chalicelib.core.runtime import Runtime
from chalicelib.core.service import Service
from chalicelib.core.settings import Settings
from chalicelib.core.times import iso, utc_now
from ops.rebuild.run import RebuildJob, RebuildResult, rebuild
from ops.verify import Drift, Target, VerifyOptions, verify
from tests.core.bootstrap import PERMISSIONS
from tests.core.histories import head, record
from tests.core.upcasting.releases import OLD_EVENT, RELEASE_3, STATES, TRANSFERS
from tests.support.domain import Domain
from tests.support.stores import Tables, fresh_database

LONG_AGO = 1_700_000_000
Item = Mapping[str, Any]


@contextmanager
def quiet(_what: str, _total: int | None) -> Iterator[Any]:
    """Run a phase without output."""
    yield lambda _count: None


class World:
    """Accounts and transfers of the release that was deployed last."""

    def __init__(self, tables: Tables, url: str) -> None:
        self.tables = tables
        self.url = url
        self.deploy(RELEASE_3)

    def deploy(self, accounts: Service) -> None:
        """Work with these accounts from now on."""
        self.services = {"accounts": accounts, "transfers": TRANSFERS}
        settings = Settings(
            table_prefix=self.tables.prefix,
            dead_letter_table=self.tables.name("dead-letters"),
            database_url=self.url,
            partial_batch=True,
        )
        self.runtime = Runtime(settings, self.services, PERMISSIONS, lambda _: {})

    def put(self, service: str, *items: Item) -> None:
        """Write items as they are."""
        for item in items:
            self.tables.client.put_item(TableName=self.tables.name(service), Item=item)

    def item(self, service: str, id: str) -> Item | None:
        """Return an item as it is."""
        found = self.tables.client.get_item(TableName=self.tables.name(service), Key={"id": {"S": id}})
        return found.get("Item")

    def command(self, service: str, command: Command, id: str) -> dict[str, Any]:
        """Run a client's command, and return the state in its answer."""
        store = DynamoStore(self.tables.client, self.tables.name(service), self.services[service])
        envelope = Envelope(f"{service}.test", command, (id,), "usr_1", iso(utc_now()))
        answer = handle(self.services[service], store, envelope, lambda result: dict(result.head.state))
        return dict(answer.response)

    def records(self, service: str, *items: Item, at: float = LONG_AGO) -> list[dict[str, Any]]:
        """Return items as their stream carries them, for commits at that time."""
        records = [record(service, item) for item in items]
        for one in records:
            one["eventSourceARN"] = (
                f"arn:aws:dynamodb:eu-west-1:000000000000:table/{self.tables.name(service)}/stream/1"
            )
            one["dynamodb"]["ApproximateCreationDateTime"] = at
        return records

    def project(self, records: Sequence[Any]) -> list[Any]:
        """Project records. Return the records that the projector reports as failed."""
        failed: list[Any] = project_event({"Records": records}, None, self.runtime)["batchItemFailures"]
        return failed

    def react(self, records: Sequence[Any]) -> list[Any]:
        """Give records to the reactor. Return the records that it reports as failed."""
        failed: list[Any] = react_to_event({"Records": records}, None, self.runtime)["batchItemFailures"]
        return failed

    def letters(self) -> list[Any]:
        """Return all dead letters."""
        return list(Letters(self.runtime).all())

    def redrive(self) -> list[RedriveResult]:
        """Redrive all dead letters."""
        return list(redrive(self.letters(), self.runtime, "somebody"))

    def verify(self, *, repair: bool = False) -> list[Drift]:
        """Verify the accounts, and return the findings."""
        found: list[Drift] = []
        verify(
            [Target(self.services["accounts"], self.tables.name("accounts"), self.services["accounts"].projection)],
            self.tables.client,
            lambda: connect(self.url),
            VerifyOptions(repair=repair, settle_seconds=0, segments=1),
            phase=quiet,
            on_drift=found.append,
        )
        return found

    def rebuild(self, *, resume: bool = False) -> RebuildResult:
        """Rebuild the accounts' tables."""
        plan = RebuildJob(
            services=[self.services["accounts"]],
            table_of=self.tables.name,
            dynamodb=self.tables.client,
            connect=lambda: connect(self.url),
            phase=quiet,
            segments=1,
            settle_seconds=0,
        )
        return rebuild(plan, resume=resume)

    def sql(self, statement: str) -> Sequence[Any]:
        """Read the read model, or change it."""
        connection = connect(self.url)
        with connection.cursor() as cursor:
            cursor.execute(statement)
            found: Sequence[Any] = cursor.fetchall()
        connection.close()
        return found


def account(id: str, release: int, **state: Any) -> dict[str, Any]:
    """Return the item of an account as a release stored it. Release 1 had no schema versions."""
    event = OLD_EVENT if release == 1 else {"type": "AccountOpened", "data": {}, "schema_version": 2}
    made = item_of(head(id, 1, {**STATES[release], **state}, events=[event]))
    return made if release == 1 else {**made, **encode_item({"schema_version": release})}


@pytest.fixture
def world(tables: Tables, mysql_server: str, domain: Domain, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Yield both sides, empty."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", tables.endpoint)
    with fresh_database(mysql_server, domain) as url:
        yield World(tables, url)
