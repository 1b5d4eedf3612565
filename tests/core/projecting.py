"""The projector as tests call it: on a real database, with dead letters kept in memory."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector import DeadLetter, ProjectorDeps, Writer, project
from chalicelib.core.service import Service
from tests.core.histories import SERVICES


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
    """The projector as its handler calls it; `dead` holds what it set aside.

    Args:
        url: of the read model.
        make: opens a connection to it.
        remaining_ms: what is left until the function is ended.
        services: by the name of their table.
    """

    def __init__(
        self,
        url: str,
        make: Callable[[], Any] | None = None,
        remaining_ms: float = 60_000,
        services: Mapping[str, Service] = SERVICES,
    ) -> None:
        self.url = url
        self.services = services
        self.writer = Writer(make or (lambda: connect(url)))
        self.dead = MemoryDeadLetters()
        self.deps = ProjectorDeps(self.writer, self.dead, remaining_ms=lambda: remaining_ms, sleep=lambda _: None)

    def __call__(self, records: Iterable[Mapping[str, Any]]) -> list[str]:
        """Project a batch; the sequence numbers that are reported as failed."""
        return project(records, self.services, self.deps)
