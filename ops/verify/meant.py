"""Check that the tables with which a verification began still have their names.

A rebuild may swap tables meanwhile. The new ones may be of another generation, for which rows of the old projection are
wrong.
"""

from typing import TYPE_CHECKING

from chalicelib.core.projector.generations import generations_of
from chalicelib.core.service import Projection

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor


def still_meant(connection: "Connection[Cursor]", service: str, projection: Projection) -> bool:
    """Whether a service's tables are still of the projection's generation.

    Within a transaction, the answer stays true until it ends: a swap renames `generations`, too, and waits for every
    transaction that has read it.

    Args:
        connection: a connection to the writer.
        service: the service's name.
        projection: the projection of the tables in use, or of the new tables of a rebuild.
    """
    found = generations_of(connection, service)
    if found is None:  # no projector and no rebuild has written these tables yet
        return not projection.root.suffix
    return (found.building if projection.root.suffix else found.live) == projection.generation
