"""Runs the commands that follow from a batch of stream records: the entry point of the reactor."""

from collections.abc import Iterable, Iterator, Sequence, Set
from functools import partial
from typing import NamedTuple

from chalicelib.core.decider import Rejected
from chalicelib.core.reactor.follow_ups import COMMAND_MARGIN_MS, ReactorDeps, carry_out
from chalicelib.core.reactor.side_by_side import Target, Task, run_side_by_side
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


class _Plan(NamedTuple):
    """What follows from a group.

    Attributes:
        unreadable: the newest records that cannot be read, each with its error.
        cause: the newest record that can be read. It takes their place, as if they had come in a batch of their own.
        asked: what follows from the cause.
    """

    unreadable: Sequence[tuple[CommitRecord | UnreadableRecord, Exception]]
    cause: CommitRecord | None
    asked: Sequence[FollowUp | OutsideCall]


class _Batch:
    """A batch in progress."""

    def __init__(self, entries: Sequence[CommitRecord | UnreadableRecord], deps: ReactorDeps) -> None:
        self._deps = deps
        self._groups = _by_aggregate(entries)
        # A segment belongs to its thread. What another thread does continues its trace.
        self._trace = tracing.header()
        log.count("ReactorRecords", len(entries))
        log.count("ReactorAggregates", len(self._groups))

    def run(self) -> list[str]:
        """React to all aggregates, to several at the same time. Returns as `react` does."""
        tasks = []
        for group in self._groups:
            try:
                plan = self._planned(group)
            except OF_THE_PROCESS as error:
                _warn(error)
                break
            tasks.append(Task(_touched(group, plan.asked), partial(self._settled, plan)))
        done = run_side_by_side(tasks)
        return [group.first for group in self._groups[done : done + 1]]

    def _planned(self, group: _Group) -> _Plan:
        """What follows from an aggregate's newest state that can be read. Nothing is done yet."""
        unreadable: list[tuple[CommitRecord | UnreadableRecord, Exception]] = []
        for entry in group.entries:
            if isinstance(entry, UnreadableRecord):
                unreadable.append((entry, entry.error))
                continue
            try:
                with of_the_record():  # UnknownAggregate, or whatever a policy raises of a state that it cannot read
                    entry.source.service.aggregate(entry.head.id)
                    asked = list(self._deps.follow_ups(entry.source.service.name, entry.head))
            except Poisonous as error:
                unreadable.append((entry, error.reason))
            else:
                return _Plan(unreadable, entry, asked)
        return _Plan(unreadable, None, [])

    def _settled(self, plan: _Plan) -> bool:
        """Do what is planned; False if it could neither be done nor set aside in time."""
        try:
            if self._deps.remaining_ms() < COMMAND_MARGIN_MS:
                raise GaveUp("no time is left to begin anything")
            for entry, error in plan.unreadable:
                with log.about(correlation_id=correlation_of(entry.source)):
                    self._refuse(entry, error)
            if plan.cause:
                with log.about(correlation_id=correlation_of(plan.cause.source)):
                    self._carry_out(plan.asked, plan.cause)
        except (GaveUp, *OF_THE_PROCESS) as error:
            _warn(error)
            return False
        return True

    def _carry_out(self, asked: Sequence[FollowUp | OutsideCall], cause: CommitRecord) -> None:
        try:
            for follow_up in asked:
                with tracing.following(SEGMENT, cause.head.trace or self._trace):
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


def _touched(group: _Group, asked: Iterable[FollowUp | OutsideCall]) -> Set[Target] | None:
    """The aggregates that a group is of and that its commands are about; None if that is not known before.

    An outside call names its command only when it was made. A command that releases a claim may do so for a later
    command that takes the claim, of whatever aggregate.
    """
    source = group.entries[0].source
    touched = {(source.service.name, source.id)}
    for one in asked:
        if isinstance(one, OutsideCall):
            return None
        for command in _with_alternatives(one):
            if command.may_release:
                return None
            touched |= {(command.service, id) for id in command.ids}
    return touched


def _with_alternatives(follow_up: FollowUp) -> Iterator[FollowUp]:
    """A command, and those that replace it if it is refused."""
    yield follow_up
    for instead in follow_up.refused.values():
        if instead:
            yield from _with_alternatives(instead)


def _warn(error: Exception) -> None:
    log.warning("reactor: batch failed, it will be delivered again", error=error_text(error))
