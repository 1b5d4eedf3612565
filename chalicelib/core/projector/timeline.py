"""The timeline: one row per commit, from every record, independent of later changes to the aggregate.

Its events are kept as they were stored, with the versions of their schemas: nothing else has them, so what an upcaster
leaves out would be lost. Whoever shows them applies the upcasters (`Service.recorded_events`).
"""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core.service import Head, Row, RowVersion, Table
from chalicelib.core.times import to_utc


class TimelineRow(Row, frozen=True):
    """A row of `timeline`; `events` is JSON. The database itself adds `applied_at`, the time of the insert."""

    service: Annotated[str, Meta(max_length=32)]
    id: Annotated[str, Meta(max_length=128)]
    version: RowVersion
    at: datetime
    command: Annotated[str, Meta(max_length=64)]
    actor: Annotated[str, Meta(max_length=128)]
    commit_id: Annotated[str, Meta(max_length=64)]
    events: str
    correlation_id: Annotated[str, Meta(max_length=64)]


TABLE = Table("timeline", TimelineRow, key=("service", "id", "version"))
# A commit never changes, so the row that is there already is the right one.
UPSERT = "ON DUPLICATE KEY UPDATE service = service"


def row(service: str, head: Head) -> TimelineRow:
    """The timeline row of a commit.

    Args:
        service: whose it is.
        head: as it was stored.

    Raises:
        ValueError: `at` is not a time.
    """
    return TimelineRow(
        service=service,
        id=head.id,
        version=head.version,
        at=to_utc(head.at),
        command=head.command,
        actor=head.actor,
        commit_id=head.commit,
        events=msgspec.json.encode(head.events).decode(),
        correlation_id=head.correlation,
    )
