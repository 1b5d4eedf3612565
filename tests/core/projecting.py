"""The projector as tests call it: on a real database, with dead letters in memory."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector import DeadLetter, ProjectorDeps, Writer, project
from chalicelib.core.service import Service
from tests.core.histories import SERVICES


class MemoryDeadLetters:
    """Dead letters by id. The conformance suite's results for the real store are true for this one too."""

    def __init__(self) -> None:
        self.letters: dict[str, DeadLetter] = {}
        self.full = False

    def put(self, letter: DeadLetter) -> None:
        """See `DeadLetters.put`."""
        if self.full:
            raise OSError("no room")
        self.letters[letter.id] = letter


class Projector:
    """The projector as its handler calls it. `dead` has the records that it set aside.

    Args:
        url: the URL of the read model.
        make: opens a connection to it.
        remaining_ms: returns the milliseconds until the function is ended.
        services: the services by the names of their tables.
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
        """Project a batch. Return the sequence numbers that the projector reports as failed."""
        return project(records, self.services, self.deps)
