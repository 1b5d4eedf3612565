"""The saga's world: two services, what their streams carry, and a reactor that may be cut off anywhere."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.catalog.published import Listing
from chalicelib.core.commands import pipeline
from chalicelib.core.commands.store import Commit, KeptResponse, WriteStore
from chalicelib.core.decider import Command
from chalicelib.core.reactor import Deps, react
from chalicelib.core.service import Head
from chalicelib.customers.published import Standing
from chalicelib.inventory.commands import Adjust, Receive
from chalicelib.inventory.service import SERVICE as INVENTORY
from chalicelib.orders.commands import Cancel, Deliver, Place, RequestedLine, Ship
from chalicelib.orders.service import SERVICE as ORDERS
from tests.shop.histories import record
from tests.shop.projecting import MemoryDeadLetters

SERVICES = {service.name: service for service in (ORDERS, INVENTORY)}
AT = "2026-11-23T10:00:00.000Z"


class Crash(BaseException):
    """What ends a process between two steps."""


class Crashing:
    """A store that crashes its process before or after a certain commit from now on, or never.

    Attributes:
        steps: commits until then, each counting twice: before it and after it; None for never.
    """

    def __init__(self, store: WriteStore) -> None:
        self._store = store
        self.steps: int | None = None

    def load(self, ids: Sequence[str]) -> dict[str, Head]:
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
        if self.steps is not None:
            self.steps -= 1
            if self.steps < 0:
                self.steps = None
                raise Crash


class World:
    """Orders and inventory.

    Args:
        make_store: makes a service's store; it is given what to tell each new head to.

    Attributes:
        streams: all that each service's stream ever carried.
        checkpoints: how much of each the reactor has done.
    """

    def __init__(self, make_store: Callable[[str, Callable[[Head], None]], WriteStore]) -> None:
        self.streams: dict[str, list[Head]] = {name: [] for name in SERVICES}
        self.checkpoints = dict.fromkeys(SERVICES, 0)
        self.stores = {name: Crashing(make_store(name, self.streams[name].append)) for name in SERVICES}
        self.dead = MemoryDeadLetters()
        self._deps = Deps(
            services=SERVICES,
            table=lambda name: f"test-{name}",
            store=self.stores.__getitem__,
            dead_letters=self.dead,
            remaining_ms=lambda: 60_000,
            sleep=lambda _: None,
        )

    def run(self, service: str, name: str, command: Command, *ids: str) -> None:
        """Run a client's command."""
        envelope = pipeline.Envelope(name=name, command=command, ids=ids, actor="staff", at=AT)
        pipeline.run(SERVICES[service], self.stores[service], envelope, lambda _: {})

    def receive(self, sku: str, quantity: int) -> None:
        """Put pieces into stock."""
        self.run("inventory", "inventory.receive", Receive(sku, quantity), sku)

    def adjust(self, sku: str, change: int) -> None:
        """Correct a stock."""
        self.run("inventory", "inventory.adjust", Adjust(sku, change, reason="counted"), sku)

    def place(self, id: str, lines: Iterable[tuple[str, int]]) -> None:
        """Place an order of (SKU, pieces)."""
        wanted = [RequestedLine(sku, quantity) for sku, quantity in lines]
        listings = {line.sku: Listing(line.sku, 100, "GBP", False) for line in wanted}
        place = Place(customer_id="cus_1", placed_at=AT, lines=wanted, customer=Standing("Ada"), listings=listings)
        self.run("orders", "orders.place", place, id)

    def cancel(self, id: str) -> None:
        """Call an order off."""
        self.run("orders", "orders.cancel", Cancel(None), id)

    def ship(self, id: str) -> None:
        """Send an order's goods."""
        self.run("orders", "orders.ship", Ship(), id)

    def deliver(self, id: str) -> None:
        """An order's goods arrived."""
        self.run("orders", "orders.deliver", Deliver(), id)

    def react(self, service: str, heads: Iterable[Head], remaining_ms: float = 60_000) -> list[str]:
        """Have the reactor take records of a service's stream; what it reports as failed."""
        return self.react_raw([record(service, head) for head in heads], remaining_ms)

    def react_raw(self, records: Sequence[Mapping[str, Any]], remaining_ms: float = 60_000) -> list[str]:
        """The same, of records as Lambda delivers them."""
        return react(records, replace(self._deps, remaining_ms=lambda: remaining_ms))

    def feed(self, service: str, size: int = 100, crash_after: int | None = None) -> bool:
        """Hand the reactor the next batch of a stream, as Lambda would; whether there was one.

        Args:
            service: whose stream.
            size: of the batch, at most.
            crash_after: steps (see `Crashing`) after which the reactor's process is gone; then the batch
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

    def settle(self) -> None:
        """Let everything that is under way come to rest."""
        while any(self.feed(service) for service in SERVICES):
            pass

    def orders(self) -> dict[str, Head]:
        """The newest head of each order."""
        return {head.id: head for head in self.streams["orders"]}

    def inventory(self) -> dict[str, Head]:
        """The newest head of each stock and reservation."""
        return {head.id: head for head in self.streams["inventory"]}

    def status(self, id: str) -> str:
        """The status of an order, or of a reservation by `res#<order>`."""
        return str({**self.orders(), **self.inventory()}[id].state["status"])

    def stock(self, sku: str) -> tuple[int, int]:
        """Pieces on hand and reserved."""
        state = self.inventory()[sku].state
        return state.get("on_hand", 0), state.get("reserved", 0)
