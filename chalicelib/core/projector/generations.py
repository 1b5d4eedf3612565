"""Which tables a transaction writes: those in use, and while a rebuild is on, those that it fills beside them.

A transaction reads its service's row of `generations` under a shared lock and keeps that until it ends. Whoever
changes the row therefore waits for every transaction that goes by the old one, and none that begins
later misses the change (`ops rebuild`).
"""

from typing import TYPE_CHECKING, Any

from chalicelib.core.mysql.connections import error_code
from chalicelib.core.projector import sql
from chalicelib.core.service import Projection, Service

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

NEXT = "__next"
_DUPLICATE = 1062


class UnknownGeneration(Exception):
    """The tables are of a generation that this code has no projection for: an older or newer deployment's."""


def in_use(connection: "Connection[Any]", service: Service) -> list[Projection]:
    """The projections to write by, locked: that of the tables in use first.

    Raises:
        UnknownGeneration: see there.
    """
    live, building = _row(connection, service)
    projections = [_projection(service, live)]
    if building is not None:
        projections.append(_projection(service, building).beside(NEXT))
    return projections


def live_only(connection: "Connection[Any]", service: Service) -> list[Projection]:
    """The projection of the tables in use alone, locked, whether or not others are being filled beside them.

    Raises:
        UnknownGeneration: see there.
    """
    return in_use(connection, service)[:1]


def generations_of(connection: "Connection[Any]", service: str) -> tuple[int, int | None] | None:
    """The generation in use and the one being built, if any; locked. None where nobody has written yet."""
    with connection.cursor() as cursor:
        # LOCK IN SHARE MODE, since MariaDB has no FOR SHARE.
        cursor.execute(
            "SELECT live, building FROM generations"  # noqa: S608  (literals)
            f" WHERE service = {sql.text_literal(service)} LOCK IN SHARE MODE"
        )
        row: tuple[int, int | None] | None = cursor.fetchone()
        return row


def _row(connection: "Connection[Any]", service: Service) -> tuple[int, int | None]:
    while (row := generations_of(connection, service.name)) is None:
        with connection.cursor() as cursor:
            cursor.execute("COMMIT")
            _insert(cursor, service)
            cursor.execute("START TRANSACTION")
    return row


def _insert(cursor: "Cursor", service: Service) -> None:
    """Make a service's row, in a transaction of its own, since it locks the row for itself.

    Plainly: an upsert would wait for whoever was first and reads the row already, to the end of its transaction.
    The oldest projection is the one that has written so far, wherever there are several.
    """
    row = f"({sql.text_literal(service.name)}, {min(service.projections)})"
    try:
        cursor.execute(f"INSERT INTO generations (service, live) VALUES {row}")  # noqa: S608  (literals)
    except Exception as error:
        if error_code(error) != _DUPLICATE:
            raise


def _projection(service: Service, generation: int) -> Projection:
    try:
        return service.projections[generation]
    except KeyError:
        known = ", ".join(map(str, sorted(service.projections)))
        raise UnknownGeneration(
            f"the tables of {service.name} are of generation {generation}, and this code knows {known}:"
            " deploy the code with which the rebuild was run"
        ) from None
