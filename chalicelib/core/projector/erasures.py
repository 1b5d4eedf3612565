"""Keeps erased personal data out of the timeline, however late a record of theirs comes.

Rows need no such care: what was erased was erased by a commit, and an older version never takes the place of a newer.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from chalicelib.core.projector import sql
from chalicelib.core.projector.timeline import TimelineRow
from chalicelib.core.service import AnyAggregate, Service

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor


def without_erased(
    connection: "Connection[Cursor]", service: Service, rows: Sequence[TimelineRow]
) -> Sequence[TimelineRow]:
    """Rows of the timeline, without the personal data that were erased.

    Args:
        connection: in a transaction that has read `generations` under its lock, so that whatever was erased before is
            seen, and whatever is erased later finds these rows.
        service: whose rows they are.
        rows: to write.
    """
    through = _versions(connection, service.name, {row.id for row in rows})
    return [
        erased_row(service.aggregate(row.id), row) if row.version <= through.get(row.id, 0) else row for row in rows
    ]


def erased_row(kind: AnyAggregate, row: TimelineRow) -> TimelineRow:
    """A row of the timeline without what is personal; the same row where nothing is."""
    events = msgspec.json.decode(row.events)
    erased = kind.erased_events(events)
    return row if erased == events else msgspec.structs.replace(row, events=msgspec.json.encode(erased).decode())


def _versions(connection: "Connection[Cursor]", service: str, ids: set[str]) -> Mapping[str, int]:
    """The version up to which each erased aggregate was erased, by its id."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, version FROM erasures WHERE service = {sql.text_literal(service)}"  # noqa: S608  (literals)
            f" AND id IN {sql.in_list(sorted(ids))}"
        )
        return dict(cursor.fetchall())
