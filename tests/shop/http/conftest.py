"""Clients of the whole stack, which the first test of this folder starts and all of them share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.stack import Stack

Written = Callable[[], dict[str, list[Any]]]


@pytest.fixture(scope="module")
def anonymous(stack: Stack) -> Client:
    """A client without a token."""
    return Client(stack.url)


@pytest.fixture(scope="module")
def admin(stack: Stack) -> Client:
    """A client that may do everything."""
    return Client(stack.url, stack.token("admin"))


@pytest.fixture(scope="module")
def staff(stack: Stack) -> Client:
    """A client of the shop's staff."""
    return Client(stack.url, stack.token("staff"))


@pytest.fixture(scope="module")
def as_customer(stack: Stack) -> Callable[[str], Client]:
    """A client with the token of the customer of that id."""
    return lambda id: Client(stack.url, stack.token("customer", id))


@pytest.fixture
def written(stack: Stack) -> Written:
    """Everything that the write store holds, sorted."""

    def scan() -> dict[str, list[Any]]:
        names = ("customers", "catalog", "inventory", "orders")
        items = {name: [i for i in stack.tables.items(name) if i["id"]["S"] != "heartbeat#"] for name in names}
        return {name: sorted(found, key=lambda item: str(item["id"])) for name, found in items.items()}

    return scan


class Projector:
    """The stack's projector, which a test may stop for a while."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """No stream record reaches the read model meanwhile."""
        self._stack.pump.stop()
        try:
            yield
        finally:
            self._stack.pump.start()


@pytest.fixture
def projector(stack: Stack) -> Projector:
    """The means to stop the projector."""
    return Projector(stack)
