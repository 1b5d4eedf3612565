"""Finding the poison in a batch: halve what is refused until one aggregate is left, then go record by record."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from chalicelib.core.projector import timeline
from chalicelib.core.projector.failures import Poisonous
from chalicelib.core.projector.generations import in_use, serving
from chalicelib.core.projector.plan import Group, Plan, group
from chalicelib.core.projector.transaction import Targets, Work
from chalicelib.core.projector.writer import Attempts
from chalicelib.core.service import Service
from chalicelib.core.streams.batches import GaveUp
from chalicelib.core.streams.dead_letters import DeadLetter, DeadLetters, dead_letter
from chalicelib.core.streams.records import Commit, Unreadable, correlation_of
from chalicelib.core.telemetry import log
from chalicelib.core.times import iso


class Apply(Protocol):
    """Writes in a transaction."""

    def __call__(self, work: Work, targets: Targets = in_use) -> None:
        """Write the work into the tables that `targets` names.

        Raises:
            Poisonous: it is refused.
            GaveUp: an error that may pass did not pass in time.
        """


class NotStored(Exception):
    """A dead letter could not be stored, so its record must come again."""


def work_of(groups: Sequence[Group]) -> Work:
    """What one transaction writes for those aggregates."""
    plans: dict[int, list[Plan]] = {}
    faults: dict[int, Exception] = {}
    for found in groups:
        faults.update(found.faults)
        for generation, plan in found.plans.items():
            plans.setdefault(generation, []).append(plan)
    return Work(plans, faults, [row for found in groups for row in found.timeline])


class Isolation:
    """Applies aggregates one by one or many at once, setting aside the records that cannot be applied.

    Args:
        service: whose records they are.
        apply: writes in a transaction.
        dead_letters: where records are set aside.
        attempts: its clock stamps the dead letters.

    Attributes:
        aside: the positions of the records that were set aside.
    """

    def __init__(self, service: Service, apply: Apply, dead_letters: DeadLetters, attempts: Attempts) -> None:
        self._service = service
        self._apply = apply
        self._dead_letters = dead_letters
        self._attempts = attempts
        self.aside: set[int] = set()

    def apply(self, groups: Sequence[Group]) -> Iterator[Commit]:
        """Apply those aggregates.

        Yields:
            Each record that is done: applied, stale or set aside.

        Raises:
            GaveUp: an error that may pass did not pass in time.
        """
        try:
            self._apply(work_of(groups))
        except Poisonous as error:
            if len(groups) == 1:
                yield from self._apply_singly(groups[0], error)
                return
            middle = len(groups) // 2
            yield from self.apply(groups[:middle])
            yield from self.apply(groups[middle:])
        else:
            for found in groups:
                yield from found.commits

    def _apply_singly(self, whole: Group, error: Exception) -> Iterator[Commit]:
        """Apply one aggregate's records in the order of their versions, each in its own transaction.

        So the newest good one is what shows in the end.
        """
        if len(whole.commits) == 1:
            yield from self._serve(whole, error)
            return
        for commit in whole.commits:
            (single,) = group([commit], self._service)
            try:
                self._apply(work_of([single]))
            except Poisonous as refusal:
                yield from self._serve(single, refusal)
            else:
                yield commit

    def _serve(self, single: Group, refusal: Exception) -> Iterator[Commit]:
        """Set a refused record aside, and show it where the tables in use take it all the same.

        For the refusal may be that of the tables that a rebuild fills. Those in use are served as ever; the others
        lack it, and so would the read model after the swap, were there no dead letter.
        """
        (commit,) = single.commits
        try:
            self._apply(work_of([single]), serving)
        except Poisonous as error:
            refusal = error
        else:
            log.warning("projector: refused by the tables that are being built", aggregate=commit.source.id)
        yield from self._aside(commit, refusal)

    def _aside(self, commit: Commit, error: Exception) -> Iterator[Commit]:
        try:
            self.set_aside(commit, error)
        except NotStored:
            return
        self._show_in_timeline(commit)
        yield commit

    def set_aside(self, entry: Commit | Unreadable, error: Exception) -> None:
        """Store the dead letter of a record.

        Raises:
            NotStored: it could not be stored.
        """
        cause = error.__cause__ if isinstance(error, Poisonous) and isinstance(error.__cause__, Exception) else error
        letter = dead_letter(entry, cause, iso(self._attempts.now()))
        with log.about(correlation_id=correlation_of(entry)):
            self._store(letter)
        self.aside.add(entry.source.position)
        log.count("RecordsSetAside")

    def _store(self, letter: DeadLetter) -> None:
        facts = {"letter": letter.id, "sequence": letter.sequence, "error": letter.error}
        try:
            self._dead_letters.put(letter)
        except Exception as fault:
            log.exception("projector: record not set aside", **facts)
            raise NotStored(str(fault)) from fault
        log.warning("projector: record set aside", **facts)

    def _show_in_timeline(self, commit: Commit) -> None:
        """Let the timeline tell of a commit whose rows were refused, unless it is itself what is refused."""
        with log.about(correlation_id=commit.head.correlation):
            try:
                self._apply(Work(timeline=[timeline.row(self._service.name, commit.head)]))
            except GaveUp:
                raise
            except Exception as error:  # whatever the conversion of a time or an event raises
                log.warning("projector: timeline row refused", aggregate=commit.source.id, error=str(error))
