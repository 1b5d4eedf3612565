"""The timeline of an aggregate: a page of its commits, and what else the same requests led to."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from chalicelib.core.queries.answers import Timestamp, Version, timestamp
from chalicelib.core.queries.limit import QueryCursor, ResultRow

_COLUMNS = "service, id, version, at, applied_at, correlation_id, command, actor, commit_id, events"
_OWN = f"""SELECT {_COLUMNS} FROM timeline WHERE service = %s AND id = %s AND version <= %s
  ORDER BY version DESC LIMIT %s"""  # noqa: S608 - a constant
# The newest requests first, as on the page. What one command wrote at once beside the aggregate tells nothing new.
_RELATED = f"""SELECT {_COLUMNS} FROM timeline WHERE correlation_id IN %s AND service IN %s
  AND NOT (service = %s AND id = %s) AND commit_id NOT IN %s
  ORDER BY correlation_id DESC, service DESC, id DESC, version DESC LIMIT %s"""  # noqa: S608 - a constant
MOST_RELATED = 200
Events = Sequence[Mapping[str, Any]]
Recorded = Callable[[str, str, Events], Events]
"""(service, id, the events of a commit as they were stored) -> the same in their present shape."""
# Characters of events on a page. Lambda returns at most 6 MB.
_MOST_EVENTS = 1_000_000
_NEWEST = 2**63 - 1


class TimelineParameters(Struct, frozen=True):
    """Which commits of the aggregate."""

    limit: Annotated[int, Meta(ge=1, le=200, description="The largest number of the aggregate's own commits.")] = 50
    before: Annotated[Version, Meta(description="Only versions below this one.")] | None = None


class TimelineEntry(Struct, frozen=True, kw_only=True):
    """One commit of an aggregate."""

    service: str
    id: str
    version: Version
    at: Annotated[Timestamp, Meta(description="When it was written.")]
    applied_at: Annotated[
        Timestamp | None, Meta(description="When queries could first see it. Null if that is not known.")
    ]
    correlation_id: Annotated[str, Meta(description="The same in all commits that one request led to.")]
    command: str
    actor: str
    events: list[Mapping[str, Any]]


class Timeline(Struct, frozen=True, kw_only=True):
    """The history of an aggregate, oldest entry first: its commits, and those of others that the same requests led to.

    `incomplete` is true if versions of the aggregate are missing: the stream has not delivered them yet, or has lost
    them.
    """

    id: str
    incomplete: bool
    next: Annotated[str | None, Meta(description="The address of the commits before these. Null if there are none.")]
    entries: list[TimelineEntry]


class Commits(Struct, frozen=True):
    """A page of a timeline as it is read.

    Attributes:
        entries: oldest first; of each aggregate in the order of its versions.
        incomplete: whether versions of the aggregate are missing on this page.
        before: the version that the page of earlier commits has to name; None if there are none.
    """

    entries: Sequence[TimelineEntry]
    incomplete: bool
    before: int | None


def read_timeline(
    cursor: QueryCursor,
    service: str,
    id: str,
    version: int,
    parameters: TimelineParameters,
    recorded: Recorded,
    shown: Collection[str],
) -> Commits:
    """A page of an aggregate's timeline.

    Args:
        cursor: of the snapshot.
        service: whose aggregate it is.
        id: of the aggregate.
        version: the aggregate's version in the same snapshot.
        parameters: which page.
        recorded: brings events into their present shape.
        shown: the services of which related commits are shown.
    """
    top = parameters.before - 1 if parameters.before else _NEWEST
    cursor.execute(_OWN, (service, id, top, parameters.limit + 1))
    found = cursor.fetchall()
    own = _bounded(found[: parameters.limit])
    more = len(found) > len(own)
    related = _related(cursor, service, id, own, shown) if own and shown else []
    newest = min(top, max(version, *(row["version"] for row in own), 0))
    entries = [_entry(row, recorded) for row in _by_time([*own, *related])]
    expected = newest - own[-1]["version"] + 1 if more else newest
    return Commits(entries, len(own) < expected, own[-1]["version"] if more else None)


def _bounded(rows: Sequence[ResultRow]) -> Sequence[ResultRow]:
    """The first rows, as many as have not too much in their events; one at least."""
    size = 0
    for count, row in enumerate(rows):
        size += len(row["events"])
        if count and size > _MOST_EVENTS:
            return rows[:count]
    return rows


def _related(
    cursor: QueryCursor, service: str, id: str, own: Sequence[ResultRow], shown: Collection[str]
) -> Sequence[ResultRow]:
    """Commits of other aggregates that the same requests led to."""
    requests = sorted({row["correlation_id"] for row in own} - {""})
    commits = sorted({row["commit_id"] for row in own})
    if not requests:
        return []
    cursor.execute(_RELATED, (requests, sorted(shown), service, id, commits, MOST_RELATED))
    return _bounded(cursor.fetchall())


def _by_time(rows: Iterable[ResultRow]) -> list[ResultRow]:
    """By time. The rows of one aggregate keep the order of their versions, since clocks may differ."""
    latest: dict[tuple[str, str], Any] = {}
    placed = []
    for row in sorted(rows, key=lambda row: row["version"]):
        aggregate = (row["service"], row["id"])
        latest[aggregate] = max(row["at"], latest.get(aggregate, row["at"]))
        placed.append((latest[aggregate], row))
    return [row for _, row in sorted(placed, key=lambda one: one[0])]


def _entry(row: ResultRow, recorded: Recorded) -> TimelineEntry:
    events = recorded(row["service"], row["id"], msgspec.json.decode(row["events"]))
    applied_at = row["applied_at"] and timestamp(row["applied_at"])
    named = {name: row[name] for name in ("service", "id", "version", "correlation_id", "command", "actor")}
    return TimelineEntry(**named, at=timestamp(row["at"]), applied_at=applied_at, events=list(events))
