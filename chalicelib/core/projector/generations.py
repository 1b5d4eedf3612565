"""Chooses the tables that a transaction writes: those in use, and during a rebuild also the new ones.

A transaction reads its service's row of `generations` under a shared lock and keeps that until it ends. Whoever
changes the row therefore waits for every transaction that goes by the old one, and none that begins
later misses the change (`ops rebuild`).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.core.mysql.connections import error_code
from chalicelib.core.projector import sql
from chalicelib.core.service import Projection, Service

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

NEXT = "__next"
_DUPLICATE = 1062


class UnknownGeneration(Exception):
    """The tables are of a generation without a projection in this code; another deployment made them."""


class InUse(NamedTuple):
    """What a transaction goes by; locked until it ends.

    Attributes:
        projections: to write with; that of the tables in use comes first.
        erased: whether personal data of any aggregate of the service were erased.
    """

    projections: Sequence[Projection]
    erased: bool


class Generations(NamedTuple):
    """A service's row of `generations`.

    Attributes:
        live: the generation of the tables in use.
        building: the generation that a rebuild fills; None where there is none.
        erased: as in `InUse`.
    """

    live: int
    building: int | None
    erased: int


def in_use(connection: "Connection[Cursor]", service: Service) -> InUse:
    """What to write with, locked.

    Raises:
        UnknownGeneration: see the class.
    """
    row = _row(connection, service)
    projections = [_projection(service, row.live)]
    if row.building is not None:
        projections.append(_projection(service, row.building).beside(NEXT))
    return InUse(projections, bool(row.erased))


def live_only(connection: "Connection[Cursor]", service: Service) -> InUse:
    """The same, with only the projection of the tables in use, even during a rebuild.

    Raises:
        UnknownGeneration: see the class.
    """
    found = in_use(connection, service)
    return found._replace(projections=found.projections[:1])


def generations_of(connection: "Connection[Cursor]", service: str) -> Generations | None:
    """A service's row, locked. None if nothing has been written yet."""
    with connection.cursor() as cursor:
        # LOCK IN SHARE MODE, because MariaDB has no FOR SHARE.
        cursor.execute(
            "SELECT live, building, erased FROM generations"  # noqa: S608  (literals)
            f" WHERE service = {sql.text_literal(service)} LOCK IN SHARE MODE"
        )
        row: tuple[int, int | None, int] | None = cursor.fetchone()
        return Generations(*row) if row else None


def _row(connection: "Connection[Cursor]", service: Service) -> Generations:
    while (row := generations_of(connection, service.name)) is None:
        with connection.cursor() as cursor:
            cursor.execute("COMMIT")
            _insert(cursor, service)
            cursor.execute("START TRANSACTION")
    return row


def _insert(cursor: "Cursor", service: Service) -> None:
    """Insert a service's row, in its own transaction, because the insert takes an exclusive lock.

    A plain INSERT: an upsert would wait until the end of the first transaction that has inserted and read the row.
    If there are several projections, the oldest one has written the tables so far.
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
