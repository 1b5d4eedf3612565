"""The projector on the shop's read model."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.core.projecting import MemoryDeadLetters
from tests.core.projecting import Projector as AnyProjector
from tests.shop.histories import SERVICES

__all__ = ["MemoryDeadLetters", "Projector", "make_projector", "projector"]


class Projector(AnyProjector):
    """Of the shop's services."""

    def __init__(self, url: str, make: Callable[[], Any] | None = None, remaining_ms: float = 60_000) -> None:
        super().__init__(url, make, remaining_ms, SERVICES)


@pytest.fixture
def make_projector(database: str) -> Iterator[Callable[..., Projector]]:
    """Makes projectors, each with connections of its own, on one empty read model."""
    made: list[Projector] = []

    def make(connection: Callable[[], Any] | None = None, remaining_ms: float = 60_000) -> Projector:
        made.append(Projector(database, connection, remaining_ms))
        return made[-1]

    yield make
    for projector in made:
        projector.writer.close()


@pytest.fixture
def projector(make_projector: Callable[..., Projector]) -> Projector:
    """A projector on an empty read model."""
    return make_projector()
