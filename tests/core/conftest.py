"""The engine's own tests run on the neutral domain."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.core.projecting import Projector
from tests.support.domain import NEUTRAL, Domain


@pytest.fixture(scope="session")
def domain() -> Domain:
    """Return the domain of accounts and transfers."""
    return NEUTRAL


@pytest.fixture
def make_projector(database: str) -> Iterator[Callable[..., Projector]]:
    """Return a function that makes projectors, each with connections of its own, on one empty read model."""
    made: list[Projector] = []

    def make(connection: Callable[[], Any] | None = None, remaining_ms: float = 60_000) -> Projector:
        made.append(Projector(database, connection, remaining_ms))
        return made[-1]

    yield make
    for projector in made:
        projector.writer.close()


@pytest.fixture
def projector(make_projector: Callable[..., Projector]) -> Projector:
    """Return a projector on an empty read model."""
    return make_projector()
