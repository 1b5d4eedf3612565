"""Handling dead letters again, once their cause is gone.

Each aggregate's letters go through the projector or the reactor itself, whichever set them aside, in the order of
their versions, as one batch: what is older than what is shown adds to the timeline alone, and follow-up commands that
were done find themselves done. What is refused again stays, with its new error. What cannot be read at all, or belongs
to no service, stays as well, and keeps nothing else from being handled.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from msgspec.structs import replace

from chalicelib.core.operations.dead_letters.letters import Letter, LetterError, Letters, UnreachableLetter
from chalicelib.core.projector import project
from chalicelib.core.projector.handler import projector_deps
from chalicelib.core.reactor import react
from chalicelib.core.reactor.handler import reactor_deps
from chalicelib.core.runtime import Runtime
from chalicelib.core.streams.batches import remaining_ms
from chalicelib.core.streams.dead_letters import PROJECTOR, REACTOR, DeadLetter, DeadLetters, dead_letters_of
from chalicelib.core.streams.records import RawRecord, UnknownStream

Consumer = Callable[[Sequence[RawRecord], DeadLetters], Sequence[str]]
"""Takes records, sets aside what is refused, and returns where it gave up, as `project` and `react` do."""


Ends = Mapping[str, float]
"""When the projector, or the reactor, has to give up, by its name; in seconds of time.monotonic()."""

MOST_HISTORY = 10
_MOST_HISTORY_CHARACTERS = 500


class RedriveResult(NamedTuple):
    """What became of a letter.

    Attributes:
        id: of the letter.
        error: why it was not handled; "" where it was.
        may_pass: whether it was not refused: the time was up, or its image could not be fetched.
        now: the id of the letter that replaces it, where it was refused by another one; else "".
    """

    id: str
    error: str
    may_pass: bool = False
    now: str = ""


class _SetAsideAgain:
    """Passes letters on, and remembers them by their record's sequence number.

    Each takes along the errors that its record had before. Their ids need not be those of the letters that were
    redriven: a record that can be decoded by now, and whose rows are refused, is named by its version, where it was
    named by its sequence number.
    """

    def __init__(self, dead_letters: DeadLetters, group: Iterable[Letter], by: str) -> None:
        self._dead_letters = dead_letters
        self._before = {letter.sequence: letter for letter in group}
        self._by = by
        self.letters: dict[str, DeadLetter] = {}

    def put(self, letter: DeadLetter) -> None:
        """See `DeadLetters.put`."""
        if before := self._before.get(letter.sequence):
            letter = letter._replace(history=_longer(before, letter.at, self._by))
        self._dead_letters.put(letter)
        self.letters[letter.sequence] = letter


def _longer(before: Letter, at: str, by: str) -> Sequence[Mapping[str, str]]:
    """The history of a letter that is set aside again; of a long one, the first entry and the newest.

    The first says since when the record has been waiting, and why it was set aside. One redrive of many letters can try
    a letter more often than MOST_HISTORY times, in several requests.
    """
    error = before.error[:_MOST_HISTORY_CHARACTERS]
    entry = {"at": before.at, "error": error, "redriven_at": at, "redriven_by": by}
    whole = [*before.history, entry]
    return [*whole[:1], *whole[1:][1 - MOST_HISTORY :]]


def redrive(
    chosen: Iterable[Letter],
    runtime: Runtime,
    by: str,
    advance: Callable[[int], None] = lambda _: None,
    ends: Ends = MappingProxyType({}),
    may_begin: Callable[[], bool] = lambda: True,
) -> Iterator[RedriveResult]:
    """Handle letters again, and remove those that were handled.

    Aggregates are taken in the order of their first letters. Where removing a letter fails, its result is given first,
    then the error is raised.

    Args:
        chosen: which.
        runtime: of the deployment that they are of.
        by: who asks for it; the history of a letter that is refused again keeps it.
        advance: is told how many are through.
        ends: by default, each has a minute an aggregate.
        may_begin: asked before each aggregate; at the first False it stops.
    """
    letters, dead_letters, consumers = Letters(runtime), dead_letters_of(runtime), _consumers(runtime, ends)
    for group in _by_aggregate(chosen):
        if not may_begin():
            return
        again = _SetAsideAgain(dead_letters, group, by)
        current: list[tuple[Letter, RawRecord]] = []
        for letter in group:
            try:
                current.append(letters.get(letter.id))
            except LetterError as error:
                yield RedriveResult(letter.id, f"{error} {error.advice}", isinstance(error, UnreachableLetter))
        if current:
            yield from _again(current, letters, consumers[group[0].consumer], again)
        advance(len(group))


def _consumers(runtime: Runtime, ends: Ends) -> Mapping[str, Consumer]:
    """Each with its connections made when it is first needed."""
    services = {runtime.settings.table(name): service for name, service in runtime.services.items()}

    def projecting(records: Sequence[RawRecord], letters: DeadLetters) -> Sequence[str]:
        deps = runtime.once("projector", lambda: projector_deps(runtime))
        return project(records, services, replace(deps, dead_letters=letters, remaining_ms=_left(ends, PROJECTOR)))

    def reacting(records: Sequence[RawRecord], letters: DeadLetters) -> Sequence[str]:
        deps = runtime.once("reactor", lambda: reactor_deps(runtime))
        return react(records, replace(deps, dead_letters=letters, remaining_ms=_left(ends, REACTOR)))

    return {PROJECTOR: projecting, REACTOR: reacting}


def _left(ends: Ends, consumer: str) -> Callable[[], float]:
    """The milliseconds that a consumer has left."""
    if consumer not in ends:
        return remaining_ms(None)
    return lambda: (ends[consumer] - time.monotonic()) * 1000


def _again(
    current: Sequence[tuple[Letter, RawRecord]], letters: Letters, consumer: Consumer, again: _SetAsideAgain
) -> Iterator[RedriveResult]:
    """Handle the letters of one aggregate."""
    try:
        failed = consumer([record for _, record in current], again)
    except UnknownStream as error:
        yield from (RedriveResult(letter.id, str(error)) for letter, _ in current)
        return
    for letter, _ in current:
        result = _result(letter, again.letters.get(letter.sequence), failed)
        try:
            if result.now or not result.error:
                letters.remove(letter)
        finally:
            # Also where only its object in S3 could not be removed: the letter is gone then, and nothing else tells.
            yield result


def _result(letter: Letter, again: DeadLetter | None, failed: Sequence[str]) -> RedriveResult:
    if again and again.id != letter.id:  # the new one holds the same record
        return RedriveResult(letter.id, f"{again.error} (now {again.id})", now=again.id)
    if again:
        return RedriveResult(letter.id, again.error)
    if failed:
        return RedriveResult(letter.id, f"the {letter.consumer} gave up before it was done. Try again", may_pass=True)
    return RedriveResult(letter.id, "")


def _by_aggregate(chosen: Iterable[Letter]) -> Iterator[list[Letter]]:
    """The letters of each aggregate, by version; those without one last, as their stream had them.

    The aggregates keep the order of their first letters, so that whoever stops between two of them has tried a letter
    before each that was not tried.
    """
    groups: dict[tuple[str, str, str], list[Letter]] = {}
    for letter in chosen:
        groups.setdefault((letter.consumer, letter.service, letter.aggregate), []).append(letter)
    for group in groups.values():
        yield sorted(group, key=_by_version)


def _by_version(letter: Letter) -> tuple[bool, int, int, str]:
    digits = int(letter.sequence) if letter.sequence.isdecimal() else 0
    return letter.version is None, letter.version or 0, digits, letter.sequence
