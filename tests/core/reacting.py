"""Services, their streams, and a reactor that may crash anywhere, for any domain."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from chalicelib.core.commands import pipeline
from chalicelib.core.commands.store import Commit, KeptResponse, WriteStore
from chalicelib.core.decider import Command
from chalicelib.core.reactor import ReactorDeps, react
from chalicelib.core.service import Head, Service
from tests.core.histories import record
from tests.core.memory_store import MemoryStore
from tests.core.projecting import MemoryDeadLetters

AT = "2026-11-23T10:00:00.000Z"
LATER = "2026-11-24T10:00:00.000Z"
Published = Callable[[Head], None]
MakeStore = Callable[[str, Published], WriteStore]
"""Makes a service's store; it is given what to tell each new head to."""


class Crash(BaseException):
    """The end of a process between two steps."""


class Crashing:
    """A store that crashes its process before or after a chosen commit, or never.

    Attributes:
        steps: the steps until the crash; each commit has two, before it and after it. None for never.
    """

    def __init__(self, store: WriteStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self.steps: int | None = None

    def load(self, ids: Sequence[str]) -> Mapping[str, Head]:
        """See `WriteStore.load`."""
        return self._store.load(ids)

    def kept_response(self, claim_id: str, now: int) -> KeptResponse | None:
        """See `WriteStore.kept_response`."""
        return self._store.kept_response(claim_id, now)

    def commit(self, commit: Commit) -> None:
        """See `WriteStore.commit`."""
        self._step()
        self._store.commit(commit)
        self._step()

    def _step(self) -> None:
        with self._lock:  # the reactor commits in several threads
            if self.steps is not None:
                self.steps -= 1
                if self.steps < 0:
                    self.steps = None
                    raise Crash


def in_memory(_service: str, published: Published) -> WriteStore:
    """Return a store in memory, which passes the conformance suite. See MakeStore."""
    return MemoryStore(published=published)


class ReactingWorld:
    """Services and their reactor.

    Args:
        services: the services by name.
        make_store: makes the store of each service.

    Attributes:
        streams: the whole stream of each service.
        checkpoints: the number of records of each stream that the reactor has handled.
        dead: the records that it set aside.
    """

    def __init__(self, services: Mapping[str, Service], make_store: MakeStore = in_memory) -> None:
        self.services = services
        self.streams: dict[str, list[Head]] = {name: [] for name in services}
        self.checkpoints = dict.fromkeys(services, 0)
        self.stores = {name: Crashing(make_store(name, self.streams[name].append)) for name in services}
        self.dead = MemoryDeadLetters()
        self._deps = ReactorDeps(
            services=services,
            table=lambda name: f"test-{name}",
            store=self.stores.__getitem__,
            dead_letters=self.dead,
            remaining_ms=lambda: 60_000,
            sleep=lambda _: None,
        )

    def serve(self, services: Mapping[str, Service]) -> None:
        """Let the reactor work with these services from now on."""
        self._deps = replace(self._deps, services=services)

    def records(self, service: str) -> list[dict[str, Any]]:
        """Return the whole stream of a service, as Lambda delivers it."""
        return [record(service, head) for head in self.streams[service]]

    def run(self, service: str, name: str, command: Command, *ids: str) -> None:
        """Run a client's command."""
        envelope = pipeline.Envelope(name=name, command=command, ids=ids, actor="client", at=AT)
        pipeline.run(self.services[service], self.stores[service], envelope, lambda _: {})

    def react(self, service: str, heads: Iterable[Head], remaining_ms: float = 60_000) -> list[str]:
        """Give the reactor records of a service's stream. Return the records that it reports as failed."""
        return self.react_raw([record(service, head) for head in heads], remaining_ms)

    def react_raw(self, records: Sequence[Mapping[str, Any]], remaining_ms: float = 60_000) -> list[str]:
        """Give the reactor records as Lambda delivers them. Return the records that it reports as failed."""
        return react(records, replace(self._deps, remaining_ms=lambda: remaining_ms))

    def feed(self, service: str, size: int = 100, crash_after: int | None = None) -> bool:
        """Give the reactor the next batch of a stream, as Lambda would. Return whether there was one.

        Args:
            service: the service with the stream.
            size: the most records of the batch.
            crash_after: the steps (see `Crashing`) after which the reactor's process crashes. The batch then
                counts as not delivered.
        """
        start = self.checkpoints[service]
        batch = self.streams[service][start : start + size]
        if not batch:
            return False
        for store in self.stores.values():
            store.steps = crash_after
        try:
            assert self.react(service, batch) == []
            self.checkpoints[service] = start + len(batch)
        except Crash:
            pass
        finally:
            for store in self.stores.values():
                store.steps = None
        return True

    def come_to_rest(self) -> None:
        """Run the reactor until nothing is under way."""
        while any(self.feed(service) for service in self.services):
            pass

    def redeliver_all(self) -> None:
        """Deliver every record again, alone and in batches, in two orders. Check that nothing changes."""
        before = {name: list(stream) for name, stream in self.streams.items()}
        for service, stream in before.items():
            for order in (stream, stream[::-1]):
                for one in order:
                    assert self.react(service, [one]) == []
                assert self.react(service, order) == []
        assert self.streams == before
        assert not self.dead.letters

    def newest(self, service: str) -> dict[str, Head]:
        """Return the newest head of each aggregate of a service."""
        return {head.id: head for head in self.streams[service]}

    def status(self, id: str) -> str:
        """Return the status in an aggregate's state, of any service."""
        (head,) = [found[id] for found in map(self.newest, self.services) if id in found]
        return str(head.state["status"])
