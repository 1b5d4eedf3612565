"""The queries of the load, and what they must show.

With a Consistency-Token: what it names, or that it cannot be shown yet. Without: what is there; and where all
queries go to one server, never less than was shown before.
"""

import random
from typing import Any

from demo.load.client import Sends, TimedResponse
from demo.load.shop import AcknowledgedCommit, Shop
from demo.load.tally import LoadTally

_EXPECTED_REFUSALS = frozenset({0, 429, 502, 503, 504})
_WITH_TOKEN = 0.6
_LISTS = (
    "/orders?limit=50",
    "/orders?sort=-total&limit=20",
    "/orders?status=confirmed&limit=50",
    "/orders?q=lantern&limit=20",
    "/customers?sort=-spend&limit=20",
    "/customers?q=customer&limit=20",
    "/products?in_stock=true&limit=50",
    "/products?q=lantern&limit=20",
    "/reports/sales?by=day",
    "/reports/low-stock",
)


class Looker:
    """Sends queries, one after the other.

    Args:
        client: of an admin or of staff.
        shop: what was acknowledged and shown.
        tally: where answers and broken promises are counted.
        chance: what is random comes from it.
        one_server: whether all queries are answered by one server, so that time never goes back for them.
    """

    def __init__(
        self, client: Sends, shop: Shop, tally: LoadTally, chance: random.Random, *, one_server: bool = False
    ) -> None:
        self._client = client
        self._shop = shop
        self._tally = tally
        self._chance = chance
        self._one_server = one_server

    def look(self) -> None:
        """One query of the mix."""
        written = self._shop.recent(self._chance)
        if written is None or self._chance.random() < 0.25:
            self.list_something()
        elif self._chance.random() < _WITH_TOKEN:
            if written.buyer and self._chance.random() < 0.5:
                self.own_order_in_list(written)
            else:
                self.own_write(written)
        else:
            self.without_token(written)

    def list_something(self) -> None:
        """One of the lists and reports."""
        path = self._chance.choice(_LISTS)
        answer = self._send(path.partition("?")[0], path)
        if answer.good and path.startswith("/orders?status=confirmed"):
            for order in answer.body["items"]:
                self._shop.confirmed(order["id"])

    def own_write(self, written: AcknowledgedCommit, wait: int = 2) -> TimedResponse:
        """What was acknowledged is shown at that version or a newer one."""
        headers = {"Consistency_Token": written.token, "Prefer": f"wait={wait}"}
        answer = self._send("with token", written.path, expected={404}, **headers)
        # Stock is shown with its product, of which its token says nothing and whose version is another.
        if written.service != "inventory" and (answer.good or answer.status == 404):
            told = f"GET {written.path} with the token of version {written.version}: {answer.status} {answer.body}"
            self._tally.check(_version(answer) >= written.version, told)
        return answer

    def own_order_in_list(self, written: AcknowledgedCommit) -> None:
        """An order that was acknowledged is in its customer's list, newest first."""
        path = f"/customers/{written.buyer}/orders?limit=200"
        answer = self._send("list with token", path, Consistency_Token=written.token)
        if answer.good:
            versions = {order["id"]: order["version"] for order in answer.body["items"]}
            full = len(versions) == 200 and written.id not in versions  # it may be on the next page by now
            told = f"GET {path} with the token of {written.id}, version {written.version}: {versions.get(written.id)}"
            self._tally.check(full or versions.get(written.id, 0) >= written.version, told)

    def without_token(self, written: AcknowledgedCommit) -> None:
        """What is there; of one server, never less than it has shown."""
        if written.service == "orders" and self._chance.random() < 0.5:
            path = f"/customers/{written.buyer}/orders?limit=200"
            self._never_less("orders of", path, lambda answer: len(answer.body["items"]) if answer.good else 0)
        elif written.service != "inventory":
            self._never_less("item", written.path, _version)
        else:
            self._send("item", written.path, expected={404})

    def _never_less(self, what: str, path: str, much: Any) -> None:
        before = self._shop.shown(path)
        answer = self._send(what, path, expected={404})
        if answer.good or answer.status == 404:
            shown = much(answer)
            if self._one_server:
                self._tally.check(shown >= before, f"GET {path} shows {shown} after {before}")
            self._shop.show(path, shown)

    def _send(self, what: str, path: str, *, expected: Any = (), **headers: str) -> TimedResponse:
        answer = self._client.send("GET", path, **headers)
        self._tally.answered("queries", f"GET {what}", answer)
        refused = answer.status in _EXPECTED_REFUSALS or answer.status in expected
        self._tally.check(answer.good or refused, f"GET {path}: {answer.status} {answer.body}")
        return answer


def _version(answer: TimedResponse) -> int:
    """The version that is shown; 0 where nothing is."""
    return int(answer.body["version"]) if answer.good else 0
