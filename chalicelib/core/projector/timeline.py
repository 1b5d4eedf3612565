"""The timeline: one row a commit, from every record, whatever became of the aggregate since."""

import msgspec

from chalicelib.core.service import Head, Row, Table
from chalicelib.core.times import to_utc

TABLE = Table(
    name="timeline",
    key=("service", "id", "version"),
    columns=("service", "id", "version", "at", "command", "actor", "commit_id", "events"),
)
# A commit never changes, so the row that is there already is the right one.
UPSERT = "ON DUPLICATE KEY UPDATE service = service"


def row(service: str, head: Head) -> Row:
    """The timeline row of a commit.

    Raises:
        ValueError: `at` is not a time.
    """
    events = msgspec.json.encode(head.events).decode()
    return (service, head.id, head.version, to_utc(head.at), head.command, head.actor, head.commit, events)
