"""A projector on a real database, with dead letters kept in memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pytest

from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector import DeadLetter, Deps, Writer, project
from tests.projector.histories import SERVICES


class MemoryDeadLetters:
    """Dead letters by id; what the conformance suite proves of the real one is true of this one."""

    def __init__(self) -> None:
        self.letters: dict[str, DeadLetter] = {}
        self.full = False

    def put(self, letter: DeadLetter) -> None:
        """See `DeadLetters.put`."""
        if self.full:
            raise OSError("no room")
        self.letters[letter.id] = letter


class Projector:
    """The projector as its handler calls it; `dead` holds what it set aside."""

    def __init__(self, url: str, make: Callable[[], Any] | None = None, remaining_ms: float = 60_000) -> None:
        self.url = url
        self.writer = Writer(make or (lambda: connect(url)))
        self.dead = MemoryDeadLetters()
        self.deps = Deps(self.writer, self.dead, remaining_ms=lambda: remaining_ms, sleep=lambda _: None)

    def __call__(self, records: Iterable[Mapping[str, Any]]) -> list[str]:
        """Project a batch; the sequence numbers that are reported as failed."""
        return project(records, SERVICES, self.deps)


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
