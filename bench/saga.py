"""The order saga, from placed to confirmed, with a store that answers after 5 ms a call, as AWS's does.

Orders of 20 lines are placed. Then the reactor gets the stream of the orders in batches of 100, as Lambda delivers
them, and reserves the pieces of each order. It gets the reservations in the same way, and confirms each order. The
stores are in memory (they pass the conformance suite of the real store), and wait 5 ms in each call. This is compared
with a reactor that gets one record at a time. Each order has products of its own (wide), or all orders have the same
20 products (narrow), so that every reservation has to wait for the one before.

At the end, every order is confirmed, every piece is reserved once, and the versions of each aggregate rise by one.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from bench.rows import Row, Size, at_least, seconds_of
from chalicelib.catalog.published import Listing
from chalicelib.core.commands.store import Commit, KeptResponse, WriteStore
from chalicelib.core.service import Head
from chalicelib.inventory.commands import Receive
from chalicelib.inventory.service import SERVICE as INVENTORY
from chalicelib.orders.commands import Place, RequestedLine
from chalicelib.orders.service import SERVICE as ORDERS
from tests.core.memory_store import MemoryStore
from tests.core.reacting import AT, ReactingWorld

CALL_SECONDS = 0.005
LINES, BATCH = 20, 100
SERVICES = {service.name: service for service in (ORDERS, INVENTORY)}


class Remote:
    """A store that seems as far away as DynamoDB.

    Attributes:
        seconds: the seconds that are added to each call.
    """

    def __init__(self, store: WriteStore) -> None:
        self._store = store
        self.seconds = 0.0

    def load(self, ids: Sequence[str]) -> Mapping[str, Head]:
        """See `WriteStore.load`."""
        time.sleep(self.seconds)
        return self._store.load(ids)

    def kept_response(self, claim_id: str, now: int) -> KeptResponse | None:
        """See `WriteStore.kept_response`."""
        time.sleep(self.seconds)
        return self._store.kept_response(claim_id, now)

    def commit(self, commit: Commit) -> None:
        """See `WriteStore.commit`."""
        time.sleep(self.seconds)
        self._store.commit(commit)


class Saga:
    """The orders, the inventory, and a reactor between them.

    Args:
        orders: the number of orders.
        wide: whether each order has products of its own.
    """

    def __init__(self, orders: int, *, wide: bool) -> None:
        remote: list[Remote] = []

        def store(_service: str, published: Callable[[Head], None]) -> WriteStore:
            remote.append(Remote(MemoryStore(published=published)))
            return remote[-1]

        self._orders = orders
        self._world = ReactingWorld(SERVICES, store)
        for number in range(orders if wide else 1):
            for line in range(LINES):
                sku = _sku(number, line)
                self._world.run("inventory", "inventory.receive", Receive(sku, 1_000_000), sku)
        self._received = len(self._world.streams["inventory"])
        for number in range(orders):
            lines = [RequestedLine(_sku(number if wide else 0, line), 1) for line in range(LINES)]
            listings = {line.sku: Listing(line.sku, 100, "GBP", False) for line in lines}
            place = Place(customer_id="cus_1", placed_at=AT, lines=lines, registered=True, listings=listings)
            self._world.run("orders", "orders.place", place, f"ord_{number}")
        for one in remote:
            one.seconds = CALL_SECONDS

    def run(self, batch: int) -> None:
        """Reserve all orders, then confirm them, in batches of that size."""
        self._world.checkpoints["inventory"] = self._received
        while self._world.checkpoints["orders"] < self._orders:
            self._world.feed("orders", batch)
        while self._world.feed("inventory", batch):
            pass

    def check(self) -> None:
        """Fail unless nothing is lost or done twice, and all versions are in order."""
        assert all(self._world.status(f"ord_{number}") == "confirmed" for number in range(self._orders))
        states = [head.state for head in self._world.newest("inventory").values()]
        assert sum(state.get("reserved", 0) for state in states) == LINES * self._orders
        for stream in self._world.streams.values():
            versions: dict[str, int] = {}
            for head in stream:
                assert head.version == versions.get(head.id, 0) + 1, head.id
                versions[head.id] = head.version
        assert not self._world.dead.letters


def _sku(order: int, line: int) -> str:
    return f"SKU-{order}-{line}"


_NARROW = (
    "Commands of a batch go side by side if they share no aggregate (ADR 25). Here all reservations need the same 20"
    " products, so they go one after the other, and only the confirmations, each of an order of its own, side by side."
)


def rows(size: Size) -> Iterator[Row]:
    """Yield the orders a second, compared with one record at a time; and the CPU time of one order."""
    orders = size.choose_orders(200, 4)
    for kind, wide in (("wide", True), ("narrow", False)):
        seconds, cpu = {}, 0.0
        for name, batch in (("one after the other", 1), ("ours", BATCH)):
            saga = Saga(orders, wide=wide)
            start = time.process_time()
            seconds[name] = seconds_of(partial(saga.run, batch))
            cpu = time.process_time() - start
            saga.check()
        about = f"{orders} orders of {LINES} lines, batches of {BATCH}, {kind}"
        yield Row(
            path=f"saga: placed to confirmed, {kind}",
            size=about,
            ours=orders / seconds["ours"],
            unit="orders/s",
            beside="one after the other",
            figure=orders / seconds["one after the other"],
            bar=at_least(2) if wide else None,
            note="" if wide else _NARROW,
        )
        yield Row(path=f"saga: CPU of an order, {kind}", size=about, ours=1000 * cpu / orders, unit="ms")
