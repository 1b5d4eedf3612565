"""A read model that tests fill through the real projector, and read through the queries."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, TypeVar

import msgspec

from chalicelib.core.mysql.connections import Readers
from chalicelib.core.queries.listing import ListParameters, Page
from chalicelib.core.queries.snapshot import snapshot
from chalicelib.core.service import Head, Service
from chalicelib.core.tokens import Signer, Token
from tests.core.bootstrap import SERVICES
from tests.core.histories import account_state, head, record, transfer_state
from tests.core.projecting import Projector

T = TypeVar("T")
List = Callable[[Any, Any], Page[Any]]
"""(the snapshot's cursor, the list's parameters) -> a page."""

SECRET = "a secret of at least thirty-two characters"


class ReadModel:
    """The read model of one test.

    Args:
        url: the URL of a migrated database.
        services: the services by name.
    """

    def __init__(self, url: str, services: Mapping[str, Service]) -> None:
        self.url = url
        self.services = services
        self.pool = Readers(url)
        self.signer = Signer(SECRET)
        self.projector = Projector(url, services={f"test-{name}": service for name, service in services.items()})

    def close(self) -> None:
        """Close all connections."""
        self.pool.close()
        self.projector.writer.close()

    def project(self, service: str, *heads: Head) -> None:
        """Project these commits of a service."""
        assert self.projector([record(service, one) for one in heads]) == []
        assert self.projector.dead.letters == {}

    def snapshot(self, *tokens: Token, wait_seconds: float = 0) -> AbstractContextManager[Any]:
        """Yield a cursor on a snapshot."""
        return snapshot(self.pool, tokens, wait_seconds, self.services)

    def ask(self, query: Callable[..., T], *arguments: Any) -> T:
        """Run a query on a snapshot."""
        with self.snapshot() as cursor:
            return query(cursor, *arguments)

    def all_pages(
        self, page: Callable[[Any, str | None], Any], between: Callable[[], None] = lambda: None
    ) -> list[Any]:
        """Return the items of all pages of a list. Each page is read on a snapshot of its own.

        Args:
            page: (cursor of the snapshot, the list's cursor) -> Page.
            between: is called after each page.
        """
        items: list[Any] = []
        following: str | None = None
        while True:
            found = self.ask(page, following)
            items += found.items
            following = found.next_bookmark
            if following is None:
                return items
            between()

    def check_pages(self, list_: List, parameters: ListParameters) -> None:
        """Check that pages of any size give the same list as one large page, and then end."""
        whole = self.ask(list_, msgspec.structs.replace(parameters, limit=200))
        assert len(whole.items) > 2
        assert whole.next_bookmark is None
        for limit in (1, 2, 5, len(whole.items)):
            sized = msgspec.structs.replace(parameters, limit=limit)
            assert self.all_pages(partial(page_of, list_, sized)) == whole.items


def page_of(list_: List, parameters: ListParameters, cursor: Any, following: str | None) -> Page[Any]:
    """Return the page that follows a cursor of the list."""
    return list_(cursor, msgspec.structs.replace(parameters, bookmark=following))


class World(ReadModel):
    """Accounts and transfers."""

    def __init__(self, url: str) -> None:
        super().__init__(url, SERVICES)

    def account(self, id: str = "A", version: int = 1, *, deleted: bool = False, **state: Any) -> None:
        """Project an account. `state` replaces made-up values."""
        self.project("accounts", head(id, version, account_state(**state), deleted=deleted))

    def transfer(self, id: str = "tra_1", version: int = 1, **state: Any) -> None:
        """Project a transfer. `state` has the arguments of transfer_state."""
        self.transfers({id: state}, version)

    def transfers(self, states: Mapping[str, Mapping[str, Any]], version: int = 1) -> None:
        """Project many transfers in one batch."""
        self.project("transfers", *(head(id, version, transfer_state(**state)) for id, state in states.items()))


def ids(items: Iterable[Any]) -> list[str]:
    """Return the ids of a list's items."""
    return [item.id for item in items]
