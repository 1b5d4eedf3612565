"""How far the read model is behind, as the scheduled check last saw it."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from chalicelib.core.answers import Timestamp, timestamp
from chalicelib.core.listing import Row


class ServiceStatus(Struct, frozen=True, kw_only=True):
    """One service's way into the read model."""

    service: str
    lag_seconds: Annotated[float | None, Meta(description="From a commit to its projection; null if not known.")]
    dead_letters: Annotated[int, Meta(ge=0, description="Records set aside and not dealt with.")]
    checked_at: Timestamp
    age_seconds: Annotated[float, Meta(description="How old this row is; the check runs every minute.")]


class Status(Struct, frozen=True):
    """All services that were ever checked."""

    services: list[ServiceStatus]


_STATUS = """SELECT service, lag_seconds, dead_letters, checked_at,
  TIMESTAMPDIFF(MICROSECOND, checked_at, UTC_TIMESTAMP(3)) AS age FROM service_status ORDER BY service"""


def get_status(cursor: Any) -> Status:
    """The row that the check keeps for each service, and the age of each."""
    cursor.execute(_STATUS)
    return Status([_service(row) for row in cursor.fetchall()])


def _service(row: Row) -> ServiceStatus:
    lag = row["lag_seconds"]
    return ServiceStatus(
        service=row["service"],
        lag_seconds=None if lag is None else float(lag),
        dead_letters=row["dead_letters"],
        checked_at=timestamp(row["checked_at"]),
        age_seconds=max(0, row["age"]) / 1_000_000,
    )
