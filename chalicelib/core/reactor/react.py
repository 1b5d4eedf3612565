"""From a batch of stream records to the commands that follow from them: the reactor's entry."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from chalicelib.core import log, tracing
from chalicelib.core.reactor.commands import MARGIN_MS, Deps, GaveUp, carry_out
from chalicelib.core.streams.dead_letters import REACTOR, dead_letter
from chalicelib.core.streams.records import Commit, Entry, Heartbeat, RawRecord, Unreadable, correlation_of, parse
from chalicelib.core.times import iso

NAME = "tributary-reactor"


def react(records: Iterable[RawRecord], deps: Deps) -> list[str]:
    """Do what follows from a batch of stream records.

    Args:
        records: as Lambda delivers them, of one stream in its order.
        deps: services, stores, dead letters and the clock.

    Returns:
        The sequence number of the first record that is not done, from which the batch must come again; or nothing.

    Raises:
        UnknownStream: a record's table has no service.
    """
    services = {deps.table(name): service for name, service in deps.services.items()}
    entries = parse(records, services)
    if not entries:
        return []
    with log.counting("reactor: batch", {"Deployment": deps.deployment, "Service": entries[0].source.service.name}):
        return _Batch(entries, deps).run()


class _Group(NamedTuple):
    """The records of one aggregate in a batch.

    Attributes:
        first: the sequence number of the first of them.
        newest: that of the newest version: its state says all there is to do.
    """

    first: str
    newest: Commit | Unreadable


class _Batch:
    """A batch on its way: what is still to be done of it, in the order in which it came."""

    def __init__(self, entries: Sequence[Entry], deps: Deps) -> None:
        self._deps = deps
        self._waiting = deque(_by_aggregate(entries))
        log.count("ReactorRecords", len(entries))
        log.count("ReactorAggregates", len(self._waiting))

    def run(self) -> list[str]:
        """React to one aggregate after the other. Returns as `react` does."""
        try:
            while self._waiting:
                entry = self._waiting[0].newest
                with log.about(correlation_id=correlation_of(entry)):
                    self._settle(entry)
                self._waiting.popleft()
        except GaveUp as error:
            log.warning("reactor: gave up for now", error=str(error))
        return [self._waiting[0].first] if self._waiting else []

    def _settle(self, entry: Commit | Unreadable) -> None:
        """Do what follows from a record, or set it aside.

        Raises:
            GaveUp: neither could be done in time.
        """
        if self._deps.remaining_ms() < MARGIN_MS:
            raise GaveUp("no time is left to begin anything")
        try:
            if isinstance(entry, Unreadable):
                raise entry.error
            for policy in self._deps.policies(entry.source.service.name):
                for follow_up in policy.react(entry.head):
                    with tracing.following(NAME, entry.head.trace):
                        carry_out(follow_up, entry.head, self._deps)
        except GaveUp:
            raise
        except Exception as error:  # a policy may raise anything of a state that it cannot read
            self._set_aside(entry, error)

    def _set_aside(self, entry: Commit | Unreadable, error: Exception) -> None:
        letter = dead_letter(entry, error, iso(self._deps.now()), consumer=REACTOR)
        facts = {"letter": letter.id, "sequence": letter.sequence, "error": letter.error}
        try:
            self._deps.dead_letters.put(letter)
        except Exception as fault:
            log.exception("reactor: record not set aside", **facts)
            raise GaveUp(f"{letter.id} could not be set aside: {fault}") from fault
        log.count("RecordsSetAside")
        log.warning("reactor: record set aside", **facts)


def _by_aggregate(entries: Iterable[Entry]) -> list[_Group]:
    """The aggregates of a batch, in the order in which they first appear; what cannot be read stands alone."""
    groups: dict[Any, _Group] = {}
    for entry in entries:
        match entry:
            case Commit():
                key = (entry.source.service.name, entry.head.id)
                group = groups.setdefault(key, _Group(entry.source.sequence, entry))
                if isinstance(group.newest, Commit) and group.newest.head.version < entry.head.version:
                    groups[key] = group._replace(newest=entry)
            case Unreadable():
                groups[entry.source.position] = _Group(entry.source.sequence, entry)
            case Heartbeat():
                pass  # asks for nothing
    return list(groups.values())
