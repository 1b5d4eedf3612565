"""Runs the commands that follow from a batch of stream records: the entry point of the reactor."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from chalicelib.core.decider import Rejected
from chalicelib.core.reactor.follow_ups import COMMAND_MARGIN_MS, ReactorDeps, carry_out
from chalicelib.core.service import FollowUp, NewerSchema, OutsideCall
from chalicelib.core.streams.batches import GaveUp
from chalicelib.core.streams.dead_letters import REACTOR, dead_letter
from chalicelib.core.streams.poison import OF_THE_PROCESS, Poisonous, of_the_record
from chalicelib.core.streams.records import (
    CommitRecord,
    HeartbeatRecord,
    RawRecord,
    UnreadableRecord,
    correlation_of,
    parse,
    waits_for_deployment,
)
from chalicelib.core.telemetry import log, tracing
from chalicelib.core.telemetry.error_text import error_text
from chalicelib.core.times import iso

SEGMENT = "tributary-reactor"


def react(records: Iterable[RawRecord], deps: ReactorDeps) -> list[str]:
    """Run the commands that follow from a batch of stream records.

    Args:
        records: as Lambda delivers them, of one stream in its order.
        deps: services, stores, dead letters and the clock.

    Returns:
        The sequence number of the first record that is not done, from which the batch must come again; or nothing.

    Raises:
        UnknownStream: a record's table has no service.
    """
    services = {deps.table(name): service for name, service in deps.services.items()}
    entries = [
        entry for entry in parse(records, services) if not isinstance(entry, HeartbeatRecord)
    ]  # asks for nothing
    if not entries:
        return []
    with log.counting("reactor: batch", {"Deployment": deps.deployment, "Service": entries[0].source.service.name}):
        return _Batch(entries, deps).run()


class _Group(NamedTuple):
    """The records of one aggregate in a batch.

    Attributes:
        first: the sequence number of the first of them.
        entries: the newest version first: its state says all there is to do.
    """

    first: str
    entries: Sequence[CommitRecord | UnreadableRecord]


class _Batch:
    """A batch in progress: its remaining records, in the order in which they came."""

    def __init__(self, entries: Sequence[CommitRecord | UnreadableRecord], deps: ReactorDeps) -> None:
        self._deps = deps
        self._waiting = deque(_by_aggregate(entries))
        log.count("ReactorRecords", len(entries))
        log.count("ReactorAggregates", len(self._waiting))

    def run(self) -> list[str]:
        """React to one aggregate after the other. Returns as `react` does."""
        try:
            while self._waiting:
                self._settle(self._waiting[0])
                self._waiting.popleft()
        except (GaveUp, *OF_THE_PROCESS) as error:
            log.warning("reactor: batch failed, it will be delivered again", error=error_text(error))
        return [self._waiting[0].first] if self._waiting else []

    def _settle(self, group: _Group) -> None:
        """Do what follows from an aggregate's newest state that can be read.

        Raises:
            GaveUp: it could neither be done nor set aside in time.
        """
        if self._deps.remaining_ms() < COMMAND_MARGIN_MS:
            raise GaveUp("no time is left to begin anything")
        for entry in group.entries:
            with log.about(correlation_id=correlation_of(entry)):
                if self._settled(entry):
                    return

    def _settled(self, entry: CommitRecord | UnreadableRecord) -> bool:
        """Do what follows from a record; False where it cannot be read and is set aside.

        Then the next older version takes its place, as if the others had come in a batch of their own.
        """
        if isinstance(entry, UnreadableRecord):
            self._refuse(entry, entry.error)
            return False
        try:
            with of_the_record():  # UnknownAggregate, or whatever a policy raises of a state that it cannot read
                entry.source.service.aggregate(entry.head.id)
                asked = list(self._deps.follow_ups(entry.source.service.name, entry.head))
        except Poisonous as error:
            self._set_aside(entry, error.reason)
            return False
        self._carry_out(asked, entry)
        return True

    def _carry_out(self, asked: Sequence[FollowUp | OutsideCall], cause: CommitRecord) -> None:
        try:
            for follow_up in asked:
                with tracing.following(SEGMENT, cause.head.trace):
                    carry_out(follow_up, cause.source.service.name, cause.head, self._deps)
        except Rejected as refusal:
            self._set_aside(cause, refusal)
        except Poisonous as error:
            self._set_aside(cause, error.reason)
        except NewerSchema as error:  # of an aggregate that a command is about
            self._refuse(cause, error)

    def _refuse(self, entry: CommitRecord | UnreadableRecord, error: Exception) -> None:
        """Set a record aside, unless a newer release that is being deployed can handle it.

        Raises:
            GaveUp: it has to be delivered again.
        """
        if waits_for_deployment(entry.source, error, self._deps.now()):
            raise GaveUp(str(error))
        self._set_aside(entry, error)

    def _set_aside(self, entry: CommitRecord | UnreadableRecord, error: Exception) -> None:
        letter = dead_letter(entry, error, iso(self._deps.now()), consumer=REACTOR)
        facts = {"letter": letter.id, "sequence": letter.sequence, "error": letter.error}
        try:
            self._deps.dead_letters.put(letter)
        except Exception as fault:
            log.exception("reactor: record not set aside", **facts)
            raise GaveUp(f"{letter.id} could not be set aside: {error_text(fault)}") from fault
        log.count("RecordsSetAside")
        log.warning("reactor: record set aside", **facts)


def _by_aggregate(entries: Iterable[CommitRecord | UnreadableRecord]) -> list[_Group]:
    """The aggregates of a batch, in order of first appearance; an undecodable record is an entry of its own."""
    commits: dict[tuple[str, str], list[CommitRecord]] = {}
    groups: list[_Group] = []
    for entry in entries:
        if isinstance(entry, UnreadableRecord):
            groups.append(_Group(entry.source.sequence, [entry]))
            continue
        key = (entry.source.service.name, entry.head.id)
        if key not in commits:
            groups.append(_Group(entry.source.sequence, commits.setdefault(key, [])))
        commits[key].append(entry)
    for found in commits.values():
        found.sort(key=lambda commit: commit.head.version, reverse=True)
    return groups
