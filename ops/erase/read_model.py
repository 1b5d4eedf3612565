"""What of an erased person is in the read model: the markers, the rows and the timeline."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import astuple, replace

from chalicelib.core.projector import project, sql
from chalicelib.core.projector.erasures import erased_row
from chalicelib.core.projector.generations import in_use
from chalicelib.core.projector.handler import projector_deps
from chalicelib.core.projector.timeline import TABLE, TimelineRow
from chalicelib.core.projector.writer import Attempts
from chalicelib.core.runtime import Runtime
from chalicelib.core.service import Service
from chalicelib.core.streams.batches import remaining_ms
from chalicelib.core.streams.dead_letters import DeadLetter, DeadLetters
from chalicelib.core.streams.records import as_record
from ops.failing import OpsError
from ops.verify.sides import Item

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

_ROWS_AT_ONCE = 500


class ReadModel:
    """The read model of a deployment, for erasing.

    Args:
        runtime: of the deployment.
        attempts: runs the transactions.
    """

    def __init__(self, runtime: Runtime, attempts: Attempts) -> None:
        self._runtime = runtime
        self._attempts = attempts
        self.refused: dict[str, str] = {}

    def mark(self, service: Service, versions: Mapping[str, int]) -> None:
        """From now on, keep the personal data of these aggregates, up to these versions, out of the timeline.

        The exclusive lock waits for every transaction that has not seen the marks; they are swept afterwards.
        """
        name = sql.text_literal(service.name)
        rows = ",".join(
            f"({name}, {sql.text_literal(id)}, {version}, UTC_TIMESTAMP(3))" for id, version in versions.items()
        )

        def work(connection: "Connection[Cursor]") -> None:
            connection.query("START TRANSACTION")
            in_use(connection, service)  # makes the row if there is none
            connection.query("COMMIT")
            connection.query("START TRANSACTION")
            connection.query(f"UPDATE generations SET erased = 1 WHERE service = {name}")
            connection.query(
                f"INSERT INTO erasures (service, id, version, erased_at) VALUES {rows}"
                " ON DUPLICATE KEY UPDATE version = GREATEST(version, VALUES(version)), erased_at = VALUES(erased_at)"
            )
            connection.query("COMMIT")

        self._attempts.run(work)

    def show(self, service: Service, items: Iterable[Item]) -> None:
        """Project the erased items, as their stream does sooner or later.

        What the read model refuses is set aside, and noted in `refused`.

        Raises:
            OpsError: the read model cannot be written.
        """
        table = self._runtime.settings.table(service.name)
        arn = f"arn:aws:dynamodb:::table/{table}/stream/none"
        deps = projector_deps(self._runtime)
        letters = _Noted(deps.dead_letters, self.refused)
        deps = replace(deps, dead_letters=letters, remaining_ms=remaining_ms(None))
        if project([as_record(item, arn) for item in items], {table: service}, deps):
            raise OpsError("The projector gave up; see above.", "Run it again: nothing is done twice.")

    def sweep(self, service: Service, versions: Mapping[str, int]) -> int:
        """Erase the personal data of these aggregates, up to these versions, from the timeline. Returns how many."""
        return sum(self._sweep(service, id, version) for id, version in versions.items())

    def _sweep(self, service: Service, id: str, through: int) -> int:
        kind, after, count = service.aggregate(id), 0, 0
        while rows := self._attempts.run(lambda connection: _rows(connection, service, id, after, through)):  # noqa: B023  (at once)
            for row in rows:
                erased = erased_row(kind, row)
                if erased is not row:
                    self._attempts.run(lambda connection: _update(connection, erased))  # noqa: B023  (at once)
                    count += 1
            after = rows[-1].version
        return count


class _Noted:
    """Passes letters on and notes them."""

    def __init__(self, dead_letters: DeadLetters, noted: dict[str, str]) -> None:
        self._dead_letters = dead_letters
        self._noted = noted

    def put(self, letter: DeadLetter) -> None:
        """See `DeadLetters.put`."""
        self._dead_letters.put(letter)
        self._noted[f"{letter.service} {letter.aggregate}"] = letter.error


def _rows(
    connection: "Connection[Cursor]", service: Service, id: str, after: int, through: int
) -> Sequence[TimelineRow]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {','.join(TABLE.columns)} FROM timeline WHERE service = {sql.text_literal(service.name)}"
            f" AND id = {sql.text_literal(id)} AND version > {after} AND version <= {through}"
            f" ORDER BY version LIMIT {_ROWS_AT_ONCE}"
        )
        return [TimelineRow(*row) for row in cursor.fetchall()]


def _update(connection: "Connection[Cursor]", row: TimelineRow) -> None:
    key = sql.any_of(TABLE.key, [astuple(row)[: len(TABLE.key)]])
    connection.query(f"UPDATE timeline SET events = {sql.text_literal(row.events)} WHERE {key}")
