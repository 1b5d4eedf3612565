"""Waiting transfers: their table, their read model, and the function that keeps their deadline."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core.commands import pipeline
from chalicelib.core.commands.store import WriteStore
from chalicelib.core.decider import Command
from chalicelib.core.dynamodb.codec import head_of
from chalicelib.core.operations.deadlines import keep_deadlines
from chalicelib.core.runtime import Runtime
from chalicelib.core.service import Head
from chalicelib.core.settings import Settings
from chalicelib.core.times import iso, utc_now
from tests.core.bootstrap import PERMISSIONS, SERVICES
from tests.core.domain.accounts.published import Standing
from tests.core.domain.transfers.commands import Leg, Request
from tests.core.histories import record
from tests.core.projecting import Projector
from tests.support.stores import Tables

NOW = datetime(2026, 11, 23, 12)
LONG_AGO = NOW - timedelta(hours=2)
TRANSFERS = SERVICES["transfers"]
_LEGS = [Leg("A", -1), Leg("B", 1)]
_KNOWN = {number: Standing("usr_1", closed=False) for number in "AB"}

Wrap = Callable[[WriteStore], WriteStore]
"""Puts something around a store: what happens to its commits."""


class Wrapping(Runtime):
    """A runtime whose stores are wrapped."""

    wrap: Wrap = staticmethod(lambda store: store)

    def store(self, service: str) -> WriteStore:
        """See Runtime."""
        return self.wrap(super().store(service))


class World:
    """Transfers, on real stores.

    Args:
        tables: the neutral domain's tables.
        database: the URL of its read model.
        deadlines: the value of DEADLINES.
    """

    def __init__(self, tables: Tables, database: str, deadlines: str = "transfers.expire=1h") -> None:
        env = {"TABLE_PREFIX": tables.prefix, "DATABASE_URL": database, "DEADLINES": deadlines}
        self.runtime = Wrapping(Settings.from_env(env), SERVICES, PERMISSIONS, lambda _: {})
        self.runtime.once("dynamodb", lambda: tables.client)
        self._tables = tables
        self._projector = Projector(database)

    def run(self, name: str, command: Command, id: str) -> None:
        """Run a client's command at NOW."""
        self._run(pipeline.Envelope(name, command, (id,), "usr_1", iso(NOW), clock=lambda: NOW))

    def run_now(self, name: str, command: Command, id: str) -> None:
        """Run a client's command at the present time."""
        self._run(pipeline.Envelope(name, command, (id,), "usr_1", iso(utc_now())))

    def _run(self, envelope: pipeline.Envelope) -> None:
        store = Runtime.store(self.runtime, "transfers")
        pipeline.run(TRANSFERS, store, envelope, lambda _: {})

    def request(self, id: str, *since: Command, at: datetime = LONG_AGO) -> None:
        """Request a transfer at a time, and advance it by commands."""
        request = Request(owner="usr_1", requested_at=iso(at), legs=_LEGS, accounts=_KNOWN)
        for command in (request, *since):
            self.run(f"transfers.{type(command).__name__.lower()}", command, id)

    def project(self) -> None:
        """Project everything that is in the table."""
        items = [item for item in self._tables.items("transfers") if "state" in item]
        assert self._projector([record("transfers", item) for item in items]) == []

    def keep(self, wrap: Wrap | None = None, remaining_ms: Callable[[], float] = lambda: 60_000) -> None:
        """Run the function once at NOW."""
        self.runtime.wrap = wrap or (lambda store: store)  # type: ignore[method-assign]
        keep_deadlines(self.runtime, remaining_ms, lambda: NOW)

    def heads(self) -> Mapping[str, Head]:
        """Return the newest head of each transfer."""
        found = [head_of(item, TRANSFERS) for item in self._tables.items("transfers") if "state" in item]
        return {head.id: head for head in found}

    def statuses(self) -> dict[str, Any]:
        """Return the version and the status of each transfer, as "2 cancelled"."""
        return {id: f"{head.version} {head.state['status']}" for id, head in self.heads().items()}
