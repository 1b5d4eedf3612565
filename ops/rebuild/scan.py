"""Write items into the new tables, through the projector's own guarded transaction.

A row that the stream has written meanwhile is newer and is left unchanged, as with a redelivered record.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from chalicelib.core.dynamodb.codec import head_of
from chalicelib.core.projector.compaction import AggregateRows, Made, rows_of
from chalicelib.core.projector.transaction import Ready, Work, write
from chalicelib.core.projector.writer import Attempts
from chalicelib.core.service import Service
from chalicelib.core.streams.batches import GaveUp
from chalicelib.core.streams.poison import Poisonous, of_the_record
from ops.failing import OpsError
from ops.rebuild.tables import Progress, beside
from ops.verify.sides import Item, Items


class RefusedItem(NamedTuple):
    """An item of which the new tables have no rows, and the reason."""

    id: str
    error: str


class RebuildScan:
    """Scans one service's table.

    Args:
        service: the service; its newest projection makes the rows.
        items: the items of the write side.
        attempts: runs the transactions.
    """

    def __init__(self, service: Service, items: Items, attempts: Attempts) -> None:
        self._service = service
        self._items = items
        self._attempts = attempts

    def part(self, progress: Progress, advance: Callable[[int], None]) -> Iterator[RefusedItem]:
        """Write one segment of the table, from its last position on, into the new tables.

        A part of a page is a transaction. It locks its rows in the new tables, for which the stream may be waiting.

        Yields:
            The items that were refused.
        """
        for parts, following in self._items.pages(progress.segment, progress.segments, progress.position):
            count = 0
            for items in parts:
                yield from self._write(items)
                count += len(items)
            self._attempts.run(lambda connection: progress.note(connection, count, following))  # noqa: B023  (at once)
            advance(count)

    def _write(self, items: Sequence[Item]) -> Iterator[RefusedItem]:
        rows: list[AggregateRows] = []
        for item in items:
            try:
                with of_the_record():  # UnknownAggregate, or whatever a projection raises of a state it cannot read
                    wanted = rows_of(head_of(item, self._service), self._service, self._service.projection)
            except Poisonous as error:
                yield RefusedItem(item["id"]["S"], str(error)[:300])
            else:
                rows += [wanted] if wanted else []
        yield from self._apply(rows)

    def _apply(self, rows: Sequence[AggregateRows]) -> Iterator[RefusedItem]:
        """Write items in one transaction. If they are refused, halve them until a single item is left."""
        generation = self._service.projection.generation
        work = Work([Ready(each.key, each.version, Made({generation: each})) for each in rows])
        try:
            if rows:
                self._attempts.run(lambda connection: write(connection, self._service, work, beside))
        except GaveUp as error:
            if isinstance(error.__cause__, OpsError):  # of `beside`
                raise error.__cause__ from None
            raise OpsError(f"The read model cannot be written: {error}", "`ops rebuild --resume` continues.") from error
        except Poisonous as error:
            if len(rows) == 1:
                yield RefusedItem(rows[0].key, str(error)[:300])
                return
            middle = len(rows) // 2
            yield from self._apply(rows[:middle])
            yield from self._apply(rows[middle:])
