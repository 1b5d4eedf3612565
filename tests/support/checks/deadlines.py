"""A deadline's query has an index, since it runs every minute on a table of any size."""

from collections.abc import Iterable, Iterator

from pymysql.cursors import Cursor

from chalicelib.core.mysql.connections import connect
from chalicelib.core.service import Service

_INDEXES = """SELECT GROUP_CONCAT(column_name ORDER BY seq_in_index) FROM information_schema.statistics
  WHERE table_schema = DATABASE() AND table_name = %s GROUP BY index_name"""


def deadline_faults(url: str, services: Iterable[Service]) -> list[str]:
    """Return the deadlines of services for which no index begins with status, time and key.

    Args:
        url: the URL of a migrated database.
        services: the services with the deadlines.
    """
    connection = connect(url)
    try:
        with connection.cursor() as cursor:
            return [fault for service in services for fault in _faults(cursor, service)]
    finally:
        connection.close()


def _faults(cursor: Cursor, service: Service) -> Iterator[str]:
    root = service.projection.root
    cursor.execute(_INDEXES, (root.name,))
    indexes = [columns for (columns,) in cursor.fetchall()]
    for deadline in service.deadlines:
        needed = ",".join((deadline.status, deadline.since, root.key[0]))
        if not any(columns.startswith(needed) for columns in indexes):
            yield f"{deadline.name}: {root.name} has no index that begins with {needed}"
