"""Whether the tables that a verification began with are still what their names lead to.

A rebuild may swap tables meanwhile, and what it puts in their place may be of another generation: rows that a
projection of the old one makes are wrong there.
"""

from typing import TYPE_CHECKING

from chalicelib.core.projector.generations import generations_of
from chalicelib.core.service import Projection

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor


def still_meant(connection: "Connection[Cursor]", service: str, projection: Projection) -> bool:
    """Whether a service's tables are still of the projection's generation.

    Within a transaction they stay so until it ends: a swap renames `generations` as well, and waits for whoever
    has read it.

    Args:
        connection: to the writer.
        service: its name.
        projection: of the tables in use, or of those that a rebuild fills beside them.
    """
    found = generations_of(connection, service)
    if found is None:  # no projector and no rebuild has written these tables yet
        return not projection.root.suffix
    return (found.building if projection.root.suffix else found.live) == projection.generation
