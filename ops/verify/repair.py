"""Repair an aggregate: its rows from its item, and the summaries that they touch, in one transaction.

The row is locked before the item is read. So no projector can write a newer version in between, which the repair would
overwrite. Before that, the tables are checked to be still the same. Summaries are set to the SUM. A difference would
keep the error of the old row.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from chalicelib.core.dynamodb.codec import head_of, stored_head
from chalicelib.core.projector import sql, timeline
from chalicelib.core.projector.compaction import AggregateRows, rows_of
from chalicelib.core.projector.summaries import summary_keys
from chalicelib.core.projector.transaction import (
    FoundChildren,
    child_statements,
    read_children,
    read_roots,
    run_statements,
)
from chalicelib.core.projector.writer import Attempts
from chalicelib.core.service import PrimaryKey, Projection, Row, Service, version_of
from chalicelib.core.streams.batches import GaveUp
from chalicelib.core.streams.poison import Poisonous, of_the_record
from ops.verify.drift import REPAIRED, Drift, DriftKind
from ops.verify.meant import still_meant
from ops.verify.sides import Item, Items
from ops.verify.sums import Wrong, set_to_sum

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor


_REBUILT = "left: the tables were rebuilt meanwhile, so verify again"


class Repair:
    """Repairs one service's rows.

    Args:
        service: the service.
        projection: the projection of the tables to repair.
        items: the write side.
        attempts: runs the transactions.
    """

    def __init__(self, service: Service, projection: Projection, items: Items, attempts: Attempts) -> None:
        self._service = service
        self._projection = projection
        self._items = items
        self._attempts = attempts

    def aggregate(self, drift: Drift) -> Drift:
        """Repair an aggregate's rows. Returns the outcome in words."""
        if drift.kind is DriftKind.UNREADABLE:
            return drift._replace(outcome="left: no rows can be made of it; see `ops dead-letters list`")
        try:
            outcome = self._attempts.run(lambda connection: self._repair(connection, drift.key))
        except Poisonous as error:
            outcome = f"left: the database refuses it: {error}"
        except GaveUp as error:
            outcome = f"left: {error}; try again"
        return drift._replace(outcome=outcome)

    def summary(self, wrong: Wrong) -> str:
        """Set one row of a summary to the SUM. Returns the outcome in words."""

        def work(connection: "Connection[Cursor]") -> str:
            connection.query("START TRANSACTION")
            if not still_meant(connection, self._service.name, self._projection):
                connection.query("ROLLBACK")
                return _REBUILT
            set_to_sum(connection, self._projection, wrong.summary, wrong.key)
            connection.query("COMMIT")
            return REPAIRED

        try:
            return self._attempts.run(work)
        except (Poisonous, GaveUp) as error:
            return f"left: {error}; try again"

    def _repair(self, connection: "Connection[Cursor]", id: str) -> str:
        """Lock, read the item, write or delete, set the summaries, commit. Returns the outcome."""
        connection.query("START TRANSACTION")
        if not still_meant(connection, self._service.name, self._projection):
            connection.query("ROLLBACK")
            return _REBUILT
        root = read_roots(connection, self._projection, [id]).get(id)
        children = read_children(connection, self._projection, [id]).get(id, {})
        item = self._items.get([id]).get(id)
        with of_the_record():
            wanted = rows_of(head_of(item, self._service), self._service, self._projection) if item else None
        if root and wanted and version_of(root) > wanted.version:
            connection.query("ROLLBACK")
            return (
                f"left: version {version_of(root)} shown, and the item's is {wanted.version}: was its table restored? "
                "`ops rebuild` makes the read model follow it"
            )
        run_statements(connection, self._statements(id, root, children, item, wanted))
        self._set_summaries(connection, root, children, wanted)
        connection.query("COMMIT")
        return REPAIRED

    def _statements(
        self, id: str, root: Row | None, children: FoundChildren, item: Item | None, wanted: AggregateRows | None
    ) -> Iterator[bytes]:
        """The statements that write the item's rows, or delete all rows."""
        table = self._projection.root
        (key,) = table.key
        if item and wanted:
            # A missing row is inserted with a plain INSERT: error 1062 then means that a projector was first.
            others = ", ".join(f"{column} = VALUES({column})" for column in table.columns if column != key)
            yield from sql.insert(table, [wanted.root], f"ON DUPLICATE KEY UPDATE {others}" if root else "")
            line = timeline.row(self._service.name, stored_head(item))
            yield from sql.insert(timeline.TABLE, [line], timeline.UPSERT)
        elif root:
            yield f"DELETE FROM {table.physical_name} WHERE {key} = {sql.literal(id)}".encode()
        for table in self._projection.children:
            yield from child_statements(table, {id: wanted.children if wanted else {}}, {id: children})

    def _set_summaries(
        self, connection: "Connection[Cursor]", root: Row | None, children: FoundChildren, wanted: AggregateRows | None
    ) -> None:
        """Set every summary row to which the old or the new rows contribute, locking in the order of the projector."""
        states: Iterable[tuple[Row, Any]] = [
            *([(root, children)] if root else []),
            *([(wanted.root, wanted.children)] if wanted else []),
        ]
        touched: list[set[PrimaryKey]] = [set() for _ in self._projection.summaries]
        with of_the_record():
            for state in states:
                for keys, more in zip(touched, summary_keys(self._projection, *state), strict=True):
                    keys |= more
        for summary, keys in zip(self._projection.summaries, touched, strict=True):
            for key in sorted(keys):
                set_to_sum(connection, self._projection, summary, key)
