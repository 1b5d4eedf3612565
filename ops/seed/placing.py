"""Places and confirms orders, and finds those that an earlier run left."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from ops.seed.client import Client
from ops.seed.lists import pages
from ops.seed.orders import Order, orders_of
from ops.seed.rules import Sale
from ops.seed.tally import Kind, Tally


class Seen(NamedTuple):
    """An order that the read model shows; total in pence."""

    id: str
    total: int


class Placing:
    """Places the orders of invoices; for many threads.

    Args:
        confirm: whether orders are confirmed as well.
        customer_ids: by the file's number of the customer.
        tally: counts what happens.
    """

    def __init__(self, confirm: bool, customer_ids: Mapping[str, str], tally: Tally) -> None:
        self._confirming = confirm
        self._customer_ids = customer_ids
        self._tally = tally
        self._seen: dict[str, Seen] = {}

    def look_around(self, client: Client, first: str, last: str) -> None:
        """Learn which orders there are in the file's time, so that a second run need not try to place them.

        A shortcut only: what the read model shows is asked for again by a command, which sees the write store,
        and what it does not show yet is found by placing it.

        Args:
            client: of the API.
            first: when the file's first order was placed.
            last: when its last was.
        """
        query = {"placed_from": first, "sort": "placed_at", "limit": "200"}
        for item in pages(client, f"/orders?{urlencode(query)}"):
            if item["placed_at"] > last:
                break
            if item["reference"] is not None:
                self._seen[item["reference"]] = Seen(item["id"], item["total"])

    def place(self, client: Client, invoice: Sequence[Sale]) -> None:
        """Place, and confirm, the orders of an invoice, one after the other."""
        for order in orders_of(invoice):
            if not self._confirmed_before(client, order):
                self._place(client, order)

    def _confirmed_before(self, client: Client, order: Order) -> bool:
        """Whether the order is one that was seen, and is as it should be after confirming it."""
        seen = self._seen.get(order.reference)
        if not self._confirming or seen is None or seen.total != order.total:
            return False
        answer = client.post(f"/orders/{seen.id}/confirm", keyed=False)
        if answer.status != 200:
            return False
        self._tally.exist(Kind.ORDERS, order.total)
        self._tally.confirm()
        return True

    def _place(self, client: Client, order: Order) -> None:
        what = f"order {order.reference}"
        customer_id = self._customer_ids.get(order.customer)
        if customer_id is None:
            message = f"{what}: its customer {order.customer} could not be loaded"
            self._tally.fail(Kind.ORDERS, message, order.total)
            return
        body = {
            "customer_id": customer_id,
            "reference": order.reference,
            "placed_at": order.placed_at,
            "lines": [line._asdict() for line in order.lines],
        }
        answer = client.post("/orders", body)
        there = self._tally.count(Kind.ORDERS, answer, what, order.total)
        if there and (answer.status == 201 or self._is_ours(client, answer.subject, order)) and self._confirming:
            self._confirm(client, answer.subject, what)

    def _is_ours(self, client: Client, id: str, order: Order) -> bool:
        """Whether an order that was there is what the file says; one that nobody can see yet is believed to be."""
        total = client.get(f"/orders/{id}").body.get("total", order.total)
        if total != order.total:
            self._tally.not_confirmed(
                f"order {order.reference}: {id} has that reference and a total of {total} pence, not {order.total}"
            )
        return bool(total == order.total)

    def _confirm(self, client: Client, id: str, what: str) -> None:
        """Confirm an order, whether this run placed it or found it; confirming again changes nothing."""
        answer = client.post(f"/orders/{id}/confirm", keyed=False)
        if answer.status == 200:
            self._tally.confirm()
        elif answer.body.get("status_now") == "cancelled":
            self._tally.leave_cancelled()
        else:
            self._tally.not_confirmed(answer.told(f"confirming {what}"))
