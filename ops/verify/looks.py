"""Two looks at every aggregate: first a page at a time, then again at everything that differed.

The read model is always a little behind, and a scan's page is a little old when it is compared. So a difference at the
first look is only a suspicion. At the second look, some seconds later, the rows are read first and the items after
them, consistently, so that an item cannot be older than its rows. A row counts as stale only if it does not even show
the version that the item had at the first look.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from chalicelib.core.dynamodb.codec import head_of
from chalicelib.core.projector.compaction import AggregateRows, rows_of
from chalicelib.core.service import Projection, Row, Service, deleted_at_of, version_of
from chalicelib.core.streams.poison import Poisonous, of_the_record
from ops.verify.drift import NOTHING, Drift, DriftKind, FoundRows, difference, equal
from ops.verify.sides import Item, Items, ReadRows

# Suspects are looked at again once there are this many, so that they never fill the memory.
_MOST_SUSPECTS = 1000


class Suspect(NamedTuple):
    """An aggregate that differed at the first look, and the version that its item had then: 0 for no item."""

    id: str
    version: int


class Comparison:
    """Compares one service's items with its rows.

    Args:
        service: the service.
        projection: the projection of the tables to compare.
        items: the write side.
        rows: the read side.
        settle_seconds: the least time between the two looks.
        sleep: waits for a number of seconds.
    """

    def __init__(
        self,
        service: Service,
        projection: Projection,
        items: Items,
        rows: ReadRows,
        settle_seconds: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._service = service
        self._projection = projection
        self._items = items
        self._rows = rows
        self._settle_seconds = settle_seconds
        self._sleep = sleep

    def items_against_rows(self, segment: int, segments: int, advance: Callable[[int], None]) -> Iterator[Drift]:
        """Look up each item of one segment of the table among the rows."""
        suspects = _Suspects()
        for items in self._items.parts(segment, segments):
            suspects.add(self._suspicious(items))
            advance(len(items))
            if suspects.full:
                yield from self._look_again(suspects)
        yield from self._look_again(suspects)

    def rows_against_items(self, pages: Iterator[list[str]], advance: Callable[[int], None]) -> Iterator[Drift]:
        """Look up the aggregate of each row among the items."""
        suspects = _Suspects()
        for keys in pages:
            existing = self._items.existing(keys)
            suspects.add([Suspect(key, 0) for key in keys if key not in existing])
            advance(len(keys))
            if suspects.full:
                yield from self._look_again(suspects)
        yield from self._look_again(suspects)

    def _suspicious(self, items: Sequence[Item]) -> list[Suspect]:
        """The items of a part whose rows differ from the expected ones."""
        found = self._rows.get([item["id"]["S"] for item in items])
        return [Suspect(item["id"]["S"], _version_of(item)) for item in items if not self._shown(item, found)]

    def _rows_of(self, item: Item) -> AggregateRows | None:
        """The rows that an item should have.

        Raises:
            Poisonous: no kind of aggregate has the id, or the projection cannot read the state.
        """
        with of_the_record():
            return rows_of(head_of(item, self._service), self._service, self._projection)

    def _shown(self, item: Item, found: dict[str, FoundRows]) -> bool:
        try:
            wanted = self._rows_of(item)
        except Poisonous:
            return False
        return wanted is not None and equal(wanted, found[item["id"]["S"]])

    def _look_again(self, suspects: "_Suspects") -> Iterator[Drift]:
        """The suspects that still differ."""
        if not suspects.found:
            return
        self._sleep(max(0.0, suspects.since + self._settle_seconds - time.monotonic()))
        chosen, suspects.found = suspects.found, []
        for start in range(0, len(chosen), 100):
            part = chosen[start : start + 100]
            found = self._rows.get([suspect.id for suspect in part], together=True)
            items = self._items.get([suspect.id for suspect in part])
            for suspect in part:
                if drift := self._judge(suspect, found[suspect.id], items.get(suspect.id)):
                    yield drift

    def _judge(self, suspect: Suspect, found: FoundRows, item: Item | None) -> Drift | None:
        """The difference, if there is one. The item was read after the rows."""
        if item is None:
            return self._drift(suspect, DriftKind.FOREIGN, "rows without an item") if found != NOTHING else None
        try:
            wanted = self._rows_of(item)
        except Poisonous as error:
            return self._drift(suspect, DriftKind.UNREADABLE, str(error)[:300])
        if wanted is None:
            return None
        if found.root is None:
            return self._drift(suspect, DriftKind.MISSING, f"version {wanted.version}") if suspect.version else None
        return self._judge_rows(suspect, found, found.root, wanted, tombstone=item.get("deleted") == {"BOOL": True})

    def _judge_rows(
        self, suspect: Suspect, found: FoundRows, root: Row, wanted: AggregateRows, *, tombstone: bool
    ) -> Drift | None:
        shown = version_of(root)
        if shown > wanted.version:
            return self._drift(suspect, DriftKind.AHEAD, f"version {shown}, the item's is {wanted.version}")
        if shown < wanted.version:
            detail = f"version {shown} instead of {wanted.version}"
            return self._drift(suspect, DriftKind.STALE, detail) if shown < suspect.version else None
        if equal(wanted, found):
            return None
        kind = DriftKind.UNDELETED if tombstone and deleted_at_of(root) is None else DriftKind.CHANGED
        return self._drift(suspect, kind, difference(self._projection, wanted, found))

    def _drift(self, suspect: Suspect, kind: DriftKind, detail: str) -> Drift:
        return Drift(self._service.name, self._projection.root.physical_name, suspect.id, kind, detail)


class _Suspects:
    """The aggregates for a second look, and when the latest of them was first seen (monotonic seconds)."""

    def __init__(self) -> None:
        self.found: list[Suspect] = []
        self.since = 0.0

    @property
    def full(self) -> bool:
        """Whether there are enough for a second look."""
        return len(self.found) >= _MOST_SUSPECTS

    def add(self, suspects: Sequence[Suspect]) -> None:
        """Add suspects."""
        if suspects:
            self.found += suspects
            self.since = time.monotonic()


def _version_of(item: Item) -> int:
    """The item's version, or 1 if it cannot be read: the item exists in any case."""
    try:
        return int(item["version"]["N"])
    except (KeyError, TypeError, ValueError):
        return 1
