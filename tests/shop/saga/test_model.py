"""The order saga under random commands, redelivery and crashes: no piece is lost, reserved twice or left reserved."""

from collections import Counter
from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from chalicelib.core.decider import Rejected
from tests.core.redelivery import Redelivery, run
from tests.shop.saga.rest import under_way
from tests.shop.saga.world import World

SKUS = ("A", "B", "C")
LINES = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 4)), min_size=1, max_size=3)


class Saga(Redelivery):
    """Clients of orders and inventory."""

    def __init__(self) -> None:
        super().__init__(World())
        self.ids: list[str] = []
        self.came: Counter[str] = Counter()
        for sku in SKUS[:2]:  # so that most orders have a chance from the beginning
            self.receive(sku, 6)

    @rule(sku=st.sampled_from(SKUS), quantity=st.integers(1, 6))
    def receive(self, sku: str, quantity: int) -> None:
        """Receive goods."""
        self.world.receive(sku, quantity)
        self.came[sku] += quantity

    @rule(sku=st.sampled_from(SKUS), change=st.integers(-4, 2))
    def adjust(self, sku: str, change: int) -> None:
        """Correct a stock after a count."""
        try:
            self.world.adjust(sku, change)
        except Rejected:
            return
        self.came[sku] += change

    @rule(lines=LINES, feeds=st.integers(0, 2))
    def place(self, lines: list[tuple[str, int]], feeds: int) -> None:
        """Place an order. Often it is answered before anything else happens."""
        id = f"ord_{len(self.ids)}"
        self.world.place(id, lines)
        self.ids.append(id)
        for service in ("orders", "inventory")[:feeds]:
            self.world.feed(service)

    @precondition(lambda self: self.ids)
    @rule(which=st.integers(0, 99), step=st.sampled_from(["cancel", "ship", "deliver", "expire"]))
    def go_on(self, which: int, step: str) -> None:
        """Try to take an order a step further."""
        with suppress(Rejected):
            getattr(self.world, step)(self.ids[which % len(self.ids)])

    @invariant()
    def nothing_is_promised_twice(self) -> None:
        """Check that no more is reserved than exists, and that reserved pieces equal the reservations."""
        reserved: Counter[str] = Counter()
        inventory = self.world.newest("inventory")
        for id, head in inventory.items():
            if id.startswith("res#") and head.state["status"] == "reserved":
                reserved.update(head.state["lines"])
        for sku in SKUS:
            if sku in inventory:
                on_hand, promised = self.world.stock(sku)
                assert 0 <= promised <= on_hand
                assert promised == reserved[sku]

    def check_at_rest(self) -> None:
        """Check that no piece is lost, every order is answered, and no finished order has reserved pieces."""
        super().check_at_rest()
        orders, inventory = self.world.newest("orders"), self.world.newest("inventory")
        statuses = {id: head.state["status"] for id, head in orders.items()}
        assert under_way(statuses, {id: head.state.get("status", "") for id, head in inventory.items()}) == []
        gone: Counter[str] = Counter()
        for id, status in statuses.items():
            if status in ("shipped", "delivered"):
                for line in orders[id].state["lines"]:
                    gone[line["sku"]] += line["quantity"]
        for sku in SKUS:
            on_hand = self.world.stock(sku)[0] if sku in inventory else 0
            assert on_hand == self.came[sku] - gone[sku]


def test_in_memory() -> None:
    """Many histories pass, on a store that passes the conformance suite."""
    run(Saga, examples=30)
