"""The transaction that writes a part of a batch, step by step, and its locks.

0. Read, under a shared lock, which tables to write (see generations). For each set of tables:
1. Lock the existing root rows, in the order of their keys, and read the child rows of those that may be older. Then for
   one slice of the aggregates after the other, in the same order:
2. Insert the missing root rows with a plain INSERT. A missing row cannot be locked, so a duplicate key
   (1062) means that another transaction was first; the caller rolls back and repeats all steps.
3. Update the locked ones that are older, guarded by their version, which comes last among the columns.
4. Write and delete the child rows that differ, only for locked parents.
5. Write the timeline, once; without personal data that were erased.
In the end:
6. Write the summaries of each set last, so that locks on shared rows are held for the shortest time.

The server does not wait for the client, as far as it can be helped: the next statement is encoded while the server runs
one, and then, until that is done, further aggregates are decoded and projected.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, starmap
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from chalicelib.core.mysql.statements import NOTHING, receive, run_each, send
from chalicelib.core.projector import heartbeats, sql, timeline
from chalicelib.core.projector.compaction import AggregateRows, Made
from chalicelib.core.projector.erasures import erased_versions, without_erased
from chalicelib.core.projector.generations import InUse, in_use
from chalicelib.core.projector.summaries import Differences
from chalicelib.core.projector.timeline import TimelineRow
from chalicelib.core.service import ChildRows, PrimaryKey, Projection, Row, Service, Table, version_of
from chalicelib.core.streams.poison import Poisonous, of_the_record
from chalicelib.core.telemetry.error_text import error_text

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

AnyRow = TypeVar("AnyRow", bound=Row)
FoundChildren = dict[str, list[Row]]
"""The child rows of one aggregate that the read model has, by the name of their table."""
_KEYS_A_STATEMENT = 1000
_SLICE = 250
"""Aggregates whose rows are written by one statement a table."""


class ToWrite(Protocol):
    """What a transaction has to know of an aggregate; `compaction.AggregateRecords` is one."""

    @property
    def id(self) -> str:
        """The id, which is the root row's key."""

    @property
    def newest(self) -> int:
        """At least the version of the rows."""

    @property
    def shown(self) -> bool:
        """Whether there may be rows."""

    @property
    def made(self) -> Made:
        """What is to be written. To ask for it may be work, the first time."""


class Ready(NamedTuple):
    """An aggregate whose rows are made already."""

    id: str
    newest: int
    made: Made
    shown: bool = True


class Work(NamedTuple):
    """The work of one transaction.

    Attributes:
        aggregates: what is to be written, each aggregate at most once.
        timeline: further rows of the timeline.
        heartbeats: rows of the heartbeats.
    """

    aggregates: Sequence[ToWrite] = ()
    timeline: Sequence[TimelineRow] = ()
    heartbeats: Sequence[Row] = ()


class WriteResult(NamedTuple):
    """Number of aggregates that a transaction wrote, and number that were already newer."""

    written: int
    stale: int


Targets = Callable[["Connection[Cursor]", Service], InUse]


def write(connection: "Connection[Cursor]", service: Service, work: Work, targets: Targets = in_use) -> WriteResult:
    """Write all work in one transaction, and commit.

    Args:
        connection: in autocommit mode, at READ COMMITTED.
        service: whose rows they are.
        work: the rows.
        targets: reads, within the transaction, by which projections to write.

    Returns:
        What became of the first target's rows.

    Raises:
        Poisonous: a projection whose tables are written, or the encoding of its rows, raised something.
        Exception: whatever the server or the connection raises. In both cases nothing is committed, or, if the
            connection was lost while committing, all of it.
    """
    connection.query("START TRANSACTION")
    found = targets(connection, service) if work.aggregates or work.timeline else InUse((), erased=False)
    aggregates = sorted(work.aggregates, key=lambda aggregate: aggregate.id)
    meanwhile = (aggregate.made for aggregate in aggregates)
    changes = [_Change(connection, projection, aggregates, meanwhile) for projection in found.projections]
    ids = [*(aggregate.id for aggregate in aggregates), *(row.id for row in work.timeline)]
    erased = erased_versions(connection, service, ids) if found.erased else {}

    def statements() -> Iterator[bytes]:
        for start in range(0, len(aggregates), _SLICE):
            part = aggregates[start : start + _SLICE]
            for change in changes:
                yield from change.statements(part)
            yield from _timeline(service, chain.from_iterable(aggregate.made.timeline for aggregate in part), erased)
        yield from _timeline(service, work.timeline, erased)
        yield from sql.insert(heartbeats.TABLE, work.heartbeats, heartbeats.UPSERT)
        for change in changes:
            yield from change.sums()

    run_statements(connection, statements(), meanwhile)
    connection.query("COMMIT")
    return changes[0].result if changes else WriteResult(0, 0)


def _timeline(service: Service, rows: Iterable[TimelineRow], erased: Mapping[str, int]) -> Iterator[bytes]:
    shown = without_erased(service, rows, erased) if erased else rows
    yield from sql.insert(timeline.TABLE, sorted(shown, key=timeline.TABLE.key_of), timeline.UPSERT)


class _Change:
    """What a transaction changes in one set of tables. To make it locks the root rows that exist.

    Args:
        connection: in the transaction.
        projection: of the tables.
        aggregates: in the order of their ids.
        meanwhile: as `receive` takes it.

    Attributes:
        result: what has become of the aggregates so far.
    """

    def __init__(
        self,
        connection: "Connection[Cursor]",
        projection: Projection,
        aggregates: Sequence[ToWrite],
        meanwhile: Iterator[object],
    ) -> None:
        self._projection = projection
        self._differences = Differences(projection)
        self.result = WriteResult(0, 0)
        shown = [aggregate for aggregate in aggregates if aggregate.shown]
        # What is read under the lock is needed for summaries; for all else the versions are enough.
        read = read_roots if projection.summaries else read_versions
        self._roots = read(connection, projection, [each.id for each in shown], meanwhile=meanwhile)
        older = [each.id for each in shown if each.id in self._roots and version_of(self._roots[each.id]) < each.newest]
        self._old_children = read_children(connection, projection, older, meanwhile)

    def statements(self, aggregates: Iterable[ToWrite]) -> Iterator[bytes]:
        """The statements that write root and child rows of some of the aggregates.

        Raises:
            Poisonous: the projection made no rows of one of them.
        """
        newer = list(self._newer(aggregates))
        root, roots, old_children = self._projection.root, self._roots, self._old_children
        yield from sql.insert(root, [each.root for each in newer if each.key not in roots])
        existing = [each.root for each in newer if each.key in roots]
        yield from sql.insert(root, existing, _guarded(root))
        children = {each.key: each.children for each in newer}
        old = {key: old_children.get(key, {}) for key in children if key in roots}
        for table in self._projection.children:
            yield from child_statements(table, children, old)
        for each in newer:
            before = (roots[each.key], old[each.key]) if each.key in roots else None
            self._differences.note(before, (each.root, each.children))

    def sums(self) -> Iterator[bytes]:
        """The statements that bring the summaries up to date, once the others have been run."""
        return self._differences.statements()

    def _newer(self, aggregates: Iterable[ToWrite]) -> Iterator[AggregateRows]:
        generation, (written, stale) = self._projection.generation, self.result
        for aggregate in aggregates:
            made = aggregate.made
            if generation in made.errors:
                error = made.errors[generation]
                raise Poisonous(error_text(error)) from error
            rows = made.rows.get(generation)
            if rows is None:
                continue
            old = self._roots.get(rows.key)
            if old is None or version_of(old) < rows.version:
                written += 1
                yield rows
            else:
                stale += 1
        self.result = WriteResult(written, stale)


def run_statements(
    connection: "Connection[Cursor]", statements: Iterable[bytes], meanwhile: Iterator[object] = NOTHING
) -> None:
    """Run statements that are encoded from rows, each while the server runs the one before.

    Args:
        connection: in the transaction.
        statements: to run.
        meanwhile: as `run_each` takes it.

    Raises:
        Poisonous: the encoding raised something.
        Exception: whatever the server or the connection raises.
    """
    remaining = iter(statements)
    run_each(connection, iter(lambda: _next(remaining), None), meanwhile)


def _next(statements: Iterator[bytes]) -> bytes | None:
    with of_the_record():
        return next(statements, None)


def read_roots(
    connection: "Connection[Cursor]",
    projection: Projection,
    keys: Sequence[str],
    locking: str = "FOR UPDATE",
    meanwhile: Iterator[object] = NOTHING,
) -> dict[str, Row]:
    """The root rows that exist, by key; locked, unless told otherwise.

    FORCE INDEX keeps a small table from being scanned, which would wait for locks on rows of no concern.
    """
    root = projection.root
    rows = _root_rows(connection, root, root.row, root.columns, keys, locking, meanwhile)
    return {root.key_of(row)[0]: row for row in rows}


class RootVersion(Row, frozen=True):
    """The key and the version of a root row."""

    key: str
    version: int


def read_versions(
    connection: "Connection[Cursor]", projection: Projection, keys: Sequence[str], meanwhile: Iterator[object] = NOTHING
) -> dict[str, Row]:
    """The versions of the root rows that exist, by key; locked."""
    root = projection.root
    columns = (*root.key, "version")
    rows = _root_rows(connection, root, RootVersion, columns, keys, "FOR UPDATE", meanwhile)
    return {row.key: row for row in rows}


def _root_rows(
    connection: "Connection[Cursor]",
    root: Table,
    row: type[AnyRow],
    columns: Sequence[str],
    keys: Sequence[str],
    locking: str,
    meanwhile: Iterator[object],
) -> Iterator[AnyRow]:
    (key,) = root.key
    for first in range(0, len(keys), _KEYS_A_STATEMENT):
        part = keys[first : first + _KEYS_A_STATEMENT]
        source = f"{root.physical_name} FORCE INDEX (PRIMARY)"
        tail = f"ORDER BY {key} {locking}"
        yield from starmap(row, _select(connection, columns, source, key, part, tail, meanwhile))


def read_children(
    connection: "Connection[Cursor]", projection: Projection, keys: Sequence[str], meanwhile: Iterator[object] = NOTHING
) -> dict[str, FoundChildren]:
    """The child rows of locked parents: parent's key -> table's name -> rows.

    A plain read sees what is committed at its own start (READ COMMITTED), and only who holds the parent's
    lock writes its children.
    """
    found: dict[str, FoundChildren] = {}
    for table in projection.children:
        parent_of = attrgetter(table.key[0])
        for start in range(0, len(keys), _KEYS_A_STATEMENT):
            part = keys[start : start + _KEYS_A_STATEMENT]
            rows = _select(connection, table.columns, table.physical_name, table.key[0], part, "", meanwhile)
            for row in starmap(table.row, rows):
                parent = parent_of(row)
                if parent not in found:
                    found[parent] = {each.name: [] for each in projection.children}
                found[parent][table.name].append(row)
    return found


def _guarded(root: Table) -> str:
    """Update every column if the row given is newer; the version last, since all others compare with it."""
    columns = [column for column in root.columns if column not in root.key and column != "version"]
    return "ON DUPLICATE KEY UPDATE " + ", ".join(
        f"{column} = IF(VALUES(version) > version, VALUES({column}), {column})" for column in [*columns, "version"]
    )


def child_statements(
    table: Table, children: Mapping[str, ChildRows], old_children: Mapping[str, FoundChildren]
) -> Iterator[bytes]:
    """Write the child rows that are new or changed, delete those that are gone.

    Args:
        table: the child table.
        children: the child rows of each aggregate, by its key.
        old_children: those that the read model has, by the aggregate's key; without an entry for a new aggregate.
    """
    changed: list[Row] = []
    gone: list[PrimaryKey] = []
    key_of = table.key_of
    for id, tables in children.items():
        rows = tables.get(table.name, ())
        if id not in old_children:
            changed += rows
            continue
        there = old_children[id].get(table.name, ())
        if there == rows:  # most often, and in the same order, which is that of the key
            continue
        old = {key_of(row): row for row in there}
        new = {key_of(row): row for row in rows}
        changed += [row for key, row in new.items() if old.get(key) != row]
        gone += [key for key in old if key not in new]
    changed.sort(key=key_of)
    # A row that is nothing but its key is there already, or not; something has to be set.
    set_anew = [column for column in table.columns if column not in table.key] or table.key[:1]
    update = ", ".join(f"{column} = VALUES({column})" for column in set_anew)
    yield from sql.insert(table, changed, f"ON DUPLICATE KEY UPDATE {update}")
    for start in range(0, len(gone), _KEYS_A_STATEMENT):
        chosen = sql.any_of(table.key, sorted(gone[start : start + _KEYS_A_STATEMENT]))
        yield f"DELETE FROM {table.physical_name} WHERE {chosen}".encode()  # noqa: S608  (literals)


def _select(
    connection: "Connection[Cursor]",
    columns: Sequence[str],
    source: str,
    key: str,
    keys: Sequence[str],
    tail: str,
    meanwhile: Iterator[object],
) -> Sequence[tuple[Any, ...]]:
    """Columns of the rows of a table whose key column holds one of the keys."""
    with of_the_record():
        text = f"SELECT {','.join(columns)} FROM {source} WHERE {key} IN {sql.in_list(keys)} {tail}"  # noqa: S608  (literals)
        statement = text.encode()  # strictly, where PyMySQL would let half a surrogate pair through
    send(connection, statement)
    return receive(connection, meanwhile)
