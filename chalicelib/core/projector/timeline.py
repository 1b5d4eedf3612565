"""The timeline: one row a commit, from every record, whatever became of the aggregate since."""

from datetime import datetime

import msgspec

from chalicelib.core.service import Head, Row, Table
from chalicelib.core.times import to_utc


class TimelineRow(Row, frozen=True):
    """A row of `timeline`; `events` is JSON."""

    service: str
    id: str
    version: int
    at: datetime
    command: str
    actor: str
    commit_id: str
    events: str


TABLE = Table("timeline", TimelineRow, key=("service", "id", "version"))
# A commit never changes, so the row that is there already is the right one.
UPSERT = "ON DUPLICATE KEY UPDATE service = service"


def row(service: str, head: Head) -> TimelineRow:
    """The timeline row of a commit.

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
    )
