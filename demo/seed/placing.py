"""Place orders, and wait until the order saga has confirmed or rejected each of them."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from demo.http import CommandClient
from demo.lists import pages
from demo.seed.orders import SeedOrder, orders_of
from demo.seed.rules import Sale
from demo.seed.tally import SeedKind, SeedTally

_PAUSE_SECONDS, _PAUSE_LOOKS = 0.5, 5
_SOLD = ("confirmed", "shipped", "delivered")


class Placed(NamedTuple):
    """An order that exists. The total is in pence, as in the file."""

    id: str
    total: int


class Placing:
    """A worker that places the orders of invoices. It is for many threads.

    Args:
        customer_ids: the customers' ids by the file's numbers.
        tally: counts the outcomes.

    Attributes:
        placed: the orders that exist, by reference.
    """

    def __init__(self, customer_ids: Mapping[str, str], tally: SeedTally) -> None:
        self._customer_ids = customer_ids
        self._tally = tally
        self.placed: dict[str, Placed] = {}

    def place(self, client: CommandClient, invoice: Sequence[Sale]) -> None:
        """Place the orders of an invoice, one after the other."""
        for order in orders_of(invoice):
            self._place(client, order)

    def _place(self, client: CommandClient, order: SeedOrder) -> None:
        what = f"order {order.reference}"
        customer_id = self._customer_ids.get(order.customer)
        if customer_id is None:
            message = f"{what}: its customer {order.customer} could not be loaded"
            self._tally.fail(SeedKind.ORDERS, message, order.total)
            return
        body = {
            "customer_id": customer_id,
            "reference": order.reference,
            "placed_at": order.placed_at,
            "lines": [line._asdict() for line in order.lines],
        }
        answer = client.post("/orders", body)
        if self._tally.count(SeedKind.ORDERS, answer, what, order.total):
            placed = Placed(answer.subject, order.total)
            if answer.status == 201 or self._is_ours(client, order.reference, placed):
                self.placed[order.reference] = placed

    def _is_ours(self, client: CommandClient, reference: str, order: Placed) -> bool:
        """Return whether an existing order matches the file. An order that no query shows yet is assumed to match."""
        found = client.get(f"/orders/{order.id}")
        if found.status == 200 and found.body["total"] != order.total:
            self._tally.not_confirmed(_is_another(reference, found.body, order))
            return False
        return True


class Answers:
    """A wait until the saga has confirmed or rejected orders, as the read model shows it.

    Args:
        placed: the orders, by reference.
        tally: counts the outcomes.
        patience: the seconds without any progress after which the other orders are given up.
    """

    def __init__(self, placed: Mapping[str, Placed], tally: SeedTally, patience: float) -> None:
        self._waiting = dict(placed)
        self._tally = tally
        self._patience = patience

    def wait(self, client: CommandClient, first: str, last: str, advance: Callable[[int], None]) -> None:
        """Look at the orders of the file's time range until all are answered.

        Args:
            client: a client of the API.
            first: the time of the file's first order.
            last: the time of its last order.
            advance: is called with the number of newly answered orders.
        """
        give_up = time.monotonic() + self._patience
        while self._waiting:
            begun = time.monotonic()
            if answered := self._look(_shown(client, first, last)):
                advance(answered)
                give_up = time.monotonic() + self._patience
            elif begun > give_up:
                self._leave()
            if self._waiting:
                # A look at a whole year takes time, which the saga needs too.
                time.sleep(max(_PAUSE_SECONDS, _PAUSE_LOOKS * (time.monotonic() - begun)))

    def _look(self, shown: Iterable[Mapping[str, Any]]) -> int:
        """Count the orders that are answered by now, and return their number."""
        answered = 0
        for item in shown:
            order = self._waiting.get(item["reference"] or "")
            if order and item["status"] != "placed":
                del self._waiting[item["reference"]]
                self._count(item, order)
                answered += 1
        return answered

    def _count(self, item: Mapping[str, Any], order: Placed) -> None:
        if item["total"] != order.total:
            self._tally.not_confirmed(_is_another(item["reference"], item, order))
        elif item["status"] in _SOLD:
            self._tally.confirm()
        elif item["status"] == "cancelled":
            self._tally.leave_cancelled()
        else:
            self._tally.not_confirmed(
                f"order {item['reference']} is {item['status']}; GET /orders/{item['id']} says what was short"
            )

    def _leave(self) -> None:
        for reference, order in self._waiting.items():
            self._tally.not_confirmed(f"order {reference}: {order.id} was not confirmed in {self._patience:.0f} s")
        self._waiting.clear()


def _is_another(reference: str, shown: Mapping[str, Any], order: Placed) -> str:
    return f"order {reference}: {order.id} has that reference and a total of {shown['total']} pence, not {order.total}"


def _shown(client: CommandClient, first: str, last: str) -> Iterable[Mapping[str, Any]]:
    """Return the orders of that time range that the read model shows."""
    query = {"placed_from": first, "sort": "placed_at", "limit": "200"}
    for item in pages(client, f"/orders?{urlencode(query)}"):
        if item["placed_at"] > last:
            return
        yield item
