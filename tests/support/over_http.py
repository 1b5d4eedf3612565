"""Fixtures of tests over HTTP: clients of the shared running stack, its stored items, and its pump."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.stack import Stack

Written = Callable[[], dict[str, list[Any]]]


@pytest.fixture(scope="module")
def anonymous(stack: Stack) -> Client:
    """Return a client without a token."""
    return Client(stack.url)


@pytest.fixture
def written(stack: Stack) -> Written:
    """Return a function that returns everything in the write store, sorted."""

    def scan() -> dict[str, list[Any]]:
        names = stack.tables.domain.services
        items = {name: [i for i in stack.tables.items(name) if i["id"]["S"] != "heartbeat#"] for name in names}
        return {name: sorted(found, key=lambda item: str(item["id"])) for name, found in items.items()}

    return scan


class Pump:
    """The pump, which carries the streams to the projector and the reactor. A test may stop it for a while."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Deliver no stream record during the block."""
        self._stack.pump.stop()
        try:
            yield
        finally:
            self._stack.pump.start()


@pytest.fixture
def pump(stack: Stack) -> Pump:
    """Return the stack's pump."""
    return Pump(stack)
