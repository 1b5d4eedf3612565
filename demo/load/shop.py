"""What the load knows of the shop: what was acknowledged to it, and what it was shown."""

import random
import threading
from collections import deque
from typing import NamedTuple

_RECENT = 200
_TO_SHIP = 200
# The path of what a service's aggregates are shown by.
_PATHS = {"customers": "/customers/{}", "catalog": "/products/{}", "inventory": "/products/{}", "orders": "/orders/{}"}


class AcknowledgedCommit(NamedTuple):
    """A commit that was acknowledged.

    Attributes:
        buyer: of an order, its customer; else "".
    """

    service: str
    id: str
    version: int
    token: str
    buyer: str = ""

    @property
    def path(self) -> str:
        """Where it is shown."""
        return _PATHS[self.service].format(self.id)


class Shop:
    """Customers, products and orders that the load has made; safe to use from many threads."""

    def __init__(self) -> None:
        self.customers: list[str] = []
        self.skus: list[str] = []
        self.orders: list[str] = []
        self._to_ship: deque[str] = deque(maxlen=_TO_SHIP)
        self._newest: dict[tuple[str, str], AcknowledgedCommit] = {}
        self._recent: deque[AcknowledgedCommit] = deque(maxlen=_RECENT)
        self._shown: dict[str, int] = {}
        self._lock = threading.Lock()

    def acknowledge(self, written: AcknowledgedCommit) -> None:
        """Note a commit that was acknowledged."""
        key = (written.service, written.id)
        with self._lock:
            if key not in self._newest or self._newest[key].version < written.version:
                self._newest[key] = written
            self._recent.append(written)

    def version(self, service: str, id: str) -> int:
        """The newest version of an aggregate that was acknowledged so far; 0 for none."""
        with self._lock:
            found = self._newest.get((service, id))
            return found.version if found else 0

    def recent(self, chance: random.Random) -> AcknowledgedCommit | None:
        """One of the last commits."""
        with self._lock:
            return chance.choice(self._recent) if self._recent else None

    def newest(self, count: int) -> list[AcknowledgedCommit]:
        """The newest commit of each of the aggregates that were made last."""
        with self._lock:
            return list(self._newest.values())[-count:]

    def shown(self, what: str) -> int:
        """The most that was ever shown of something: a version, a number of orders."""
        with self._lock:
            return self._shown.get(what, 0)

    def show(self, what: str, much: int) -> None:
        """Note how much was shown of it."""
        with self._lock:
            self._shown[what] = max(self._shown.get(what, 0), much)

    def confirmed(self, order: str) -> None:
        """An order was seen to be confirmed: it can be shipped."""
        with self._lock:
            if order not in self._to_ship:
                self._to_ship.append(order)

    def next_to_ship(self) -> str | None:
        """An order that can be shipped; nobody else is given it."""
        with self._lock:
            return self._to_ship.popleft() if self._to_ship else None
