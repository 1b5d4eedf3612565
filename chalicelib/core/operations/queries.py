"""The status of each service, as the scheduled check last stored it."""

from typing import Annotated, NamedTuple

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.core.queries.answers import Timestamp, timestamp
from chalicelib.core.queries.limit import QueryCursor, ResultRow


class RebuildStatus(Struct, frozen=True, kw_only=True):
    """Progress of a rebuild of a service's tables."""

    items: Annotated[int, Meta(ge=0, description="Items copied so far.")]
    expected: Annotated[int | None, Meta(description="Estimated number of items in all. Null if not known.")]
    eta_seconds: Annotated[
        float | None, Meta(description="Seconds until the scan ends at the present rate. Null if not known.")
    ]
    started_at: Timestamp
    age_seconds: Annotated[
        float,
        Meta(description="Seconds since the last progress. A rebuild that was killed makes none until it is resumed."),
    ]

    @property
    def remaining(self) -> int | None:
        """The estimated number of items that are left; None if not known."""
        return _remaining(self.items, self.expected)


MOST_HOURS = 24
_MOST_POINTS = 288
"""Of a service in an answer: one in five minutes, of a whole day."""


class StatusParameters(Struct, frozen=True):
    """What is asked for besides the present status."""

    hours: (
        Annotated[int, Meta(ge=1, le=MOST_HOURS, description="Also show the lag over so many hours, as `history`.")]
        | None
    ) = None


class LagPoint(Struct, frozen=True, kw_only=True):
    """A few minutes: the largest lag, and the commits."""

    at: Timestamp
    lag_seconds: Annotated[float | None, Meta(description="Null if it was not known.")]
    commits_per_second: Annotated[float, Meta(ge=0, description="Commits that became visible, on average.")]


class VerifyOutcome(Struct, frozen=True, kw_only=True):
    """The last outcome of `ops verify` for a service."""

    finished_at: Timestamp
    age_seconds: float
    found: Annotated[int, Meta(ge=0, description="Differences between write model and read model.")]
    left: Annotated[int, Meta(ge=0, description="Of these, those that were not repaired.")]
    rebuilt: Annotated[
        bool, Meta(description="Whether a rebuild swapped the tables meanwhile. Then the outcome says nothing.")
    ]


class ServiceStatus(Struct, frozen=True, kw_only=True):
    """How far the read model is behind one service."""

    service: str
    lag_seconds: Annotated[
        float | None, Meta(description="Seconds from a commit to its projection. Null if not known.")
    ]
    dead_letters: Annotated[
        int, Meta(ge=0, description="Number of records that were set aside and are not handled yet.")
    ]
    commits_per_second: Annotated[
        float, Meta(ge=0, description="Commits that became visible in the last 10 seconds, on average.")
    ]
    waiting_seconds: Annotated[
        float | None,
        Meta(
            description="Seconds since a heartbeat was sent that has not come through the service's stream."
            " Null if none is under way."
        ),
    ]
    stuck: Annotated[
        bool,
        Meta(
            description="Whether the stream stands still: a heartbeat has waited for over 4 seconds, and no commit"
            " of the service became visible in that time."
        ),
    ]
    checked_at: Timestamp
    age_seconds: Annotated[float, Meta(description="Age of the check in seconds. It runs every minute, or more often.")]
    check_overdue: Annotated[bool, Meta(description="Whether the check has missed its turn.")]
    verify: Annotated[
        VerifyOutcome | None, Meta(description="The last outcome of `ops verify`. Null if there is none.")
    ]
    rebuild: Annotated[
        RebuildStatus | None, Meta(description="The rebuild of the service's tables. Null if none is running.")
    ]
    history: Annotated[list[LagPoint], Meta(description="Oldest first. Only if `hours` is given.")] | UnsetType = UNSET


class Status(Struct, frozen=True):
    """The status of every service that has been checked."""

    services: list[ServiceStatus]


RATE_SECONDS = 10
STILL_SECONDS = 4
_SELDOMEST_SECONDS = 60
_STATUS = """SELECT s.service, lag_seconds, dead_letters, checked_at, every_seconds,
  TIMESTAMPDIFF(MICROSECOND, checked_at, UTC_TIMESTAMP(3)) AS age,
  IF(h.beat >= s.beat, NULL, TIMESTAMPDIFF(MICROSECOND, waiting_since, UTC_TIMESTAMP(3))) AS waiting
  FROM service_status s LEFT JOIN heartbeats h ON h.service = s.service ORDER BY s.service"""
_MOVING = """SELECT service, COUNT(*) AS commits,
  COUNT(IF(applied_at >= UTC_TIMESTAMP(3) - INTERVAL %s SECOND, 1, NULL)) AS latest FROM timeline
  WHERE applied_at >= UTC_TIMESTAMP(3) - INTERVAL %s SECOND GROUP BY service"""
_VERIFIED = """SELECT service, finished_at, found, left_over, rebuilt,
  TIMESTAMPDIFF(MICROSECOND, finished_at, UTC_TIMESTAMP(3)) AS age FROM verifications"""


_REBUILDS = """SELECT service, SUM(items) AS items, MAX(expected) AS expected,
  CAST(MIN(started_at) AS CHAR) AS started_at, MIN(finished) AS finished,
  TIMESTAMPDIFF(MICROSECOND, MIN(started_at), MAX(updated_at)) AS taken,
  TIMESTAMPDIFF(MICROSECOND, MAX(updated_at), UTC_TIMESTAMP(3)) AS age FROM rebuilds GROUP BY service"""


# A row is of a minute. The present one is not over.
_HISTORY = """SELECT service, MIN(checked_at) AS at, MAX(lag_seconds) AS lag_seconds,
  SUM(commits) / GREATEST(1, TIMESTAMPDIFF(SECOND, MIN(checked_at),
    LEAST(UTC_TIMESTAMP(), MAX(checked_at) + INTERVAL 60 SECOND))) AS rate FROM lag_history
  WHERE checked_at >= UTC_TIMESTAMP(3) - INTERVAL %s HOUR
  GROUP BY service, FLOOR(UNIX_TIMESTAMP(checked_at) / %s) ORDER BY at"""


def get_status(cursor: QueryCursor, hours: int | None = None) -> Status:
    """The row that the check keeps for each service, its age, and the running rebuild.

    Args:
        cursor: of the snapshot.
        hours: also the lag over so many hours.
    """
    rebuilds = get_rebuilds(cursor)
    history = get_history(cursor, hours) if hours else None
    cursor.execute(_MOVING, (STILL_SECONDS, RATE_SECONDS))
    moving = {row["service"]: _Moving(row["commits"], row["latest"]) for row in cursor.fetchall()}
    cursor.execute(_VERIFIED)
    verified = {row["service"]: _verified(row) for row in cursor.fetchall()}
    cursor.execute(_STATUS)
    found = [
        _service(row, rebuilds.get(row["service"]), moving.get(row["service"], _STILL), verified.get(row["service"]))
        for row in cursor.fetchall()
    ]
    if history is None:
        return Status(found)
    return Status([msgspec.structs.replace(one, history=history.get(one.service, [])) for one in found])


def get_history(cursor: QueryCursor, hours: int) -> dict[str, list[LagPoint]]:
    """The lag of each service over so many hours, oldest first, in at most some hundred points."""
    cursor.execute(_HISTORY, (hours, hours * 3600 / _MOST_POINTS))
    found: dict[str, list[LagPoint]] = {}
    for row in cursor.fetchall():
        lag = row["lag_seconds"]
        point = LagPoint(
            at=timestamp(row["at"]),
            lag_seconds=None if lag is None else float(lag),
            commits_per_second=round(float(row["rate"]), 3),
        )
        found.setdefault(row["service"], []).append(point)
    return found


def get_rebuilds(cursor: QueryCursor) -> dict[str, RebuildStatus]:
    """The rebuilds that are running, or wait to be resumed, by service."""
    cursor.execute(_REBUILDS)
    return {row["service"]: _rebuild(row) for row in cursor.fetchall()}


def _rebuild(row: ResultRow) -> RebuildStatus:
    items, expected = int(row["items"]), row["expected"]
    remaining = _remaining(items, expected)
    eta = None
    if row["finished"]:
        eta = 0.0
    elif items and remaining is not None:
        eta = row["taken"] / 1_000_000 / items * remaining
    return RebuildStatus(
        items=items,
        expected=expected,
        eta_seconds=eta,
        started_at=timestamp(row["started_at"]),
        age_seconds=max(0, row["age"]) / 1_000_000,
    )


def _remaining(items: int, expected: int | None) -> int | None:
    """The number of items that are left. It is never negative, although new writes may exceed the estimate."""
    return None if expected is None else max(0, expected - items)


class _Moving(NamedTuple):
    """The number of commits that became visible in the last RATE_SECONDS, and in the last STILL_SECONDS."""

    commits: int
    latest: int


_STILL = _Moving(0, 0)


def _verified(row: ResultRow) -> VerifyOutcome:
    return VerifyOutcome(
        finished_at=timestamp(row["finished_at"]),
        age_seconds=max(0, row["age"]) / 1_000_000,
        found=row["found"],
        left=row["left_over"],
        rebuilt=bool(row["rebuilt"]),
    )


def _service(
    row: ResultRow, rebuild: RebuildStatus | None, moving: _Moving, verified: VerifyOutcome | None
) -> ServiceStatus:
    lag, age = row["lag_seconds"], max(0, row["age"]) / 1_000_000
    waiting = None if row["waiting"] is None else max(0, row["waiting"]) / 1_000_000
    every = _SELDOMEST_SECONDS if row["every_seconds"] is None else float(row["every_seconds"])
    return ServiceStatus(
        service=row["service"],
        lag_seconds=None if lag is None else float(lag),
        dead_letters=row["dead_letters"],
        commits_per_second=moving.commits / RATE_SECONDS,
        waiting_seconds=waiting,
        stuck=waiting is not None and waiting > STILL_SECONDS and not moving.latest,
        checked_at=timestamp(row["checked_at"]),
        age_seconds=age,
        check_overdue=age > 2 * every + STILL_SECONDS,
        verify=verified,
        rebuild=rebuild,
    )
