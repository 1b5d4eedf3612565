"""A read model that tests fill through the projector, as it is filled in earnest, and ask through the queries."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from chalicelib.bootstrap import SERVICES
from chalicelib.core.mysql.connections import Pool
from chalicelib.core.queries.snapshot import snapshot
from chalicelib.core.service import Head
from chalicelib.core.tokens import Signer, Token
from tests.shop.histories import START, head, iso, order_state, record
from tests.shop.projecting import Projector

T = TypeVar("T")

SECRET = "a secret of at least thirty-two characters"


class World:
    """The read model of one test."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pool = Pool(url)
        self.signer = Signer(SECRET)
        self.projector = Projector(url)

    def close(self) -> None:
        """Close all connections."""
        self.pool.close()
        self.projector.writer.close()

    def project(self, service: str, *heads: Head) -> None:
        """Let the stream of a service deliver these commits."""
        assert self.projector([record(service, one) for one in heads]) == []
        assert self.projector.dead.letters == {}

    def customer(self, id: str = "cus_1", version: int = 1, *, deleted: bool = False, **state: Any) -> None:
        """A customer; `state` replaces what is made up."""
        made = {"name": "Ada Lovelace", "email": "ada@example.com", "country": None, "created_at": iso(START)}
        self.project("customers", head(id, version, made | state, deleted=deleted))

    def product(self, sku: str = "A", version: int = 1, *, deleted: bool = False, **state: Any) -> None:
        """A product; `state` replaces what is made up."""
        made = {"name": f"Product {sku}", "price": 150, "currency": "GBP", "created_at": iso(START)}
        self.project("catalog", head(sku, version, made | state, deleted=deleted))

    def stock(self, sku: str = "A", version: int = 1, *, on_hand: int = 10, reserved: int = 0) -> None:
        """What is there of a SKU."""
        self.project("inventory", head(sku, version, {"on_hand": on_hand, "reserved": reserved}))

    def order(self, id: str = "ord_1", version: int = 1, **state: Any) -> None:
        """An order; `state` as order_state takes it."""
        self.orders({id: state}, version)

    def orders(self, states: Mapping[str, Mapping[str, Any]], version: int = 1) -> None:
        """Many orders in one batch."""
        self.project("orders", *(head(id, version, order_state(**state)) for id, state in states.items()))

    def snapshot(self, *tokens: Token, wait_seconds: float = 0) -> AbstractContextManager[Any]:
        """A cursor on a snapshot."""
        return snapshot(self.pool, tokens, wait_seconds, SERVICES)

    def ask(self, query: Callable[..., T], *arguments: Any) -> T:
        """Run a query on a snapshot."""
        with self.snapshot() as cursor:
            return query(cursor, *arguments)

    def all_pages(
        self, page: Callable[[Any, str | None], Any], between: Callable[[], None] = lambda: None
    ) -> list[Any]:
        """The items of all pages of a list, each page on a snapshot of its own.

        Args:
            page: (cursor of the snapshot, the list's cursor) -> Page.
            between: what happens after each page.
        """
        items: list[Any] = []
        following: str | None = None
        while True:
            found = self.ask(page, following)
            items += found.items
            following = found.next_cursor
            if following is None:
                return items
            between()


def ids(items: Iterable[Any]) -> list[str]:
    """The ids of a list's items."""
    return [item.id for item in items]
