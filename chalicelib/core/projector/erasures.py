"""Keeps erased personal data out of the timeline, however late a record of theirs comes.

Rows need no such care: what was erased was erased by a commit, and an older version never takes the place of a newer.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from chalicelib.core.projector import sql
from chalicelib.core.projector.timeline import TimelineRow
from chalicelib.core.service import AnyAggregate, Service

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor


def without_erased(service: Service, rows: Iterable[TimelineRow], erased: Mapping[str, int]) -> list[TimelineRow]:
    """Rows of the timeline, without the personal data that were erased.

    Args:
        service: whose rows they are.
        rows: to write.
        erased: as `erased_versions` returns it.
    """
    return [erased_row(service.aggregate(row.id), row) if row.version <= erased.get(row.id, 0) else row for row in rows]


def erased_row(kind: AnyAggregate, row: TimelineRow) -> TimelineRow:
    """A row of the timeline without what is personal; the same row where nothing is."""
    events = msgspec.json.decode(row.events)
    erased = kind.erased_events(events)
    return row if erased == events else msgspec.structs.replace(row, events=msgspec.json.encode(erased).decode())


def erased_versions(connection: "Connection[Cursor]", service: Service, ids: Iterable[str]) -> Mapping[str, int]:
    """The version up to which each erased aggregate was erased, by its id.

    Args:
        connection: in a transaction that has read `generations` under its lock, so that whatever was erased before is
            seen, and whatever is erased later finds the rows that the transaction writes.
        service: whose aggregates they are.
        ids: of the aggregates.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, version FROM erasures WHERE service = {sql.text_literal(service.name)}"  # noqa: S608  (literals)
            f" AND id IN {sql.in_list(sorted(set(ids)))}"
        )
        return dict(cursor.fetchall())
