"""The status of each service, as the scheduled check last stored it."""

from typing import Annotated

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
    """The largest lag of a few minutes."""

    at: Timestamp
    lag_seconds: Annotated[float | None, Meta(description="Null if it was not known.")]


class ServiceStatus(Struct, frozen=True, kw_only=True):
    """How far the read model is behind one service."""

    service: str
    lag_seconds: Annotated[
        float | None, Meta(description="Seconds from a commit to its projection. Null if not known.")
    ]
    dead_letters: Annotated[
        int, Meta(ge=0, description="Number of records that were set aside and are not handled yet.")
    ]
    checked_at: Timestamp
    age_seconds: Annotated[float, Meta(description="Age of this row in seconds. The check runs every minute.")]
    rebuild: Annotated[
        RebuildStatus | None, Meta(description="The rebuild of the service's tables. Null if none is running.")
    ]
    history: Annotated[list[LagPoint], Meta(description="Oldest first. Only if `hours` is given.")] | UnsetType = UNSET


class Status(Struct, frozen=True):
    """The status of every service that has been checked."""

    services: list[ServiceStatus]


_STATUS = """SELECT service, lag_seconds, dead_letters, checked_at,
  TIMESTAMPDIFF(MICROSECOND, checked_at, UTC_TIMESTAMP(3)) AS age FROM service_status ORDER BY service"""


_REBUILDS = """SELECT service, SUM(items) AS items, MAX(expected) AS expected, MIN(started_at) AS started_at,
  MIN(finished) AS finished,
  TIMESTAMPDIFF(MICROSECOND, MIN(started_at), MAX(updated_at)) AS taken,
  TIMESTAMPDIFF(MICROSECOND, MAX(updated_at), UTC_TIMESTAMP(3)) AS age FROM rebuilds GROUP BY service"""


_HISTORY = """SELECT service, MIN(checked_at) AS at, MAX(lag_seconds) AS lag_seconds FROM lag_history
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
    cursor.execute(_STATUS)
    found = [_service(row, rebuilds.get(row["service"])) for row in cursor.fetchall()]
    if history is None:
        return Status(found)
    return Status([msgspec.structs.replace(one, history=history.get(one.service, [])) for one in found])


def get_history(cursor: QueryCursor, hours: int) -> dict[str, list[LagPoint]]:
    """The lag of each service over so many hours, oldest first, in at most some hundred points."""
    cursor.execute(_HISTORY, (hours, hours * 3600 / _MOST_POINTS))
    found: dict[str, list[LagPoint]] = {}
    for row in cursor.fetchall():
        lag = row["lag_seconds"]
        point = LagPoint(at=timestamp(row["at"]), lag_seconds=None if lag is None else float(lag))
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


def _service(row: ResultRow, rebuild: RebuildStatus | None) -> ServiceStatus:
    lag = row["lag_seconds"]
    return ServiceStatus(
        service=row["service"],
        lag_seconds=None if lag is None else float(lag),
        dead_letters=row["dead_letters"],
        checked_at=timestamp(row["checked_at"]),
        age_seconds=max(0, row["age"]) / 1_000_000,
        rebuild=rebuild,
    )
