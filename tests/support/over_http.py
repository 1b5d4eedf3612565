"""Fixtures of tests over HTTP: clients of the one running stack, what it has written, and its pump."""

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


@pytest.fixture
def written(stack: Stack) -> Written:
    """Everything that the write store holds, sorted."""

    def scan() -> dict[str, list[Any]]:
        names = stack.tables.domain.services
        items = {name: [i for i in stack.tables.items(name) if i["id"]["S"] != "heartbeat#"] for name in names}
        return {name: sorted(found, key=lambda item: str(item["id"])) for name, found in items.items()}

    return scan


class Pump:
    """What carries the streams to the read model and the reactor; a test may stop it for a while."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """No stream record reaches anybody meanwhile."""
        self._stack.pump.stop()
        try:
            yield
        finally:
            self._stack.pump.start()


@pytest.fixture
def pump(stack: Stack) -> Pump:
    """The means to stop the pump."""
    return Pump(stack)
