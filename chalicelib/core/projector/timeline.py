"""The timeline: one row per commit, from every record, independent of later changes to the aggregate."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core.service import Head, Row, Table, Version
from chalicelib.core.times import to_utc


class TimelineRow(Row, frozen=True):
    """A row of `timeline`; `events` is JSON."""

    service: Annotated[str, Meta(max_length=32)]
    id: Annotated[str, Meta(max_length=128)]
    version: Version
    at: datetime
    command: Annotated[str, Meta(max_length=64)]
    actor: Annotated[str, Meta(max_length=128)]
    commit_id: Annotated[str, Meta(max_length=64)]
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
