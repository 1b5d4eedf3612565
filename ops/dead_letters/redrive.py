"""Projecting dead letters again, once their cause is gone.

Each aggregate's letters go through the projector itself, in the order of their versions, as one batch: a
version that is older than what is shown adds to the timeline alone. What is refused again stays, with
its new error.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from chalicelib.core.projector import DeadLetter, DeadLetters, Deps, project
from chalicelib.core.service import Service
from ops.dead_letters.letters import Letter, Letters


class Outcome(NamedTuple):
    """What became of a letter; `error` is "" where it was projected."""

    id: str
    error: str


class _SetAsideAgain:
    """Passes letters on, and remembers them."""

    def __init__(self, dead_letters: DeadLetters) -> None:
        self._dead_letters = dead_letters
        self.errors: dict[str, str] = {}

    def put(self, letter: DeadLetter) -> None:
        """See `DeadLetters.put`."""
        self._dead_letters.put(letter)
        self.errors[letter.id] = letter.error


def redrive(
    chosen: Iterable[Letter],
    letters: Letters,
    services: dict[str, Service],
    deps: Deps,
    advance: Callable[[int], None] = lambda _: None,
) -> Iterator[Outcome]:
    """Project letters again, and remove those that were projected.

    Args:
        chosen: which.
        letters: where they are kept.
        services: by the name of their DynamoDB table.
        deps: as the projector has them.
        advance: is told how many are through.
    """
    for group in _by_aggregate(chosen):
        again = _SetAsideAgain(deps.dead_letters)
        current = [letters.get(letter.id) for letter in group]
        failed = project([record for _, record in current], services, replace(deps, dead_letters=again))
        for letter, _ in current:
            yield _settle(letter, letters, again.errors.get(letter.id, ""), failed)
        advance(len(group))


def _settle(letter: Letter, letters: Letters, error: str, failed: Sequence[str]) -> Outcome:
    if error:
        return Outcome(letter.id, error)
    if failed:
        return Outcome(letter.id, "the projector gave up before it was through; its log says why. Try again.")
    letters.remove(letter)
    return Outcome(letter.id, "")


def _by_aggregate(chosen: Iterable[Letter]) -> Iterator[list[Letter]]:
    """The letters of each aggregate, by version; those without one last, as their stream had them."""
    groups: dict[tuple[str, str], list[Letter]] = {}
    for letter in chosen:
        groups.setdefault((letter.service, letter.aggregate), []).append(letter)
    for key in sorted(groups):
        yield sorted(groups[key], key=_order)


def _order(letter: Letter) -> tuple[bool, int, int, str]:
    digits = int(letter.sequence) if letter.sequence.isdecimal() else 0
    return letter.version is None, letter.version or 0, digits, letter.sequence
