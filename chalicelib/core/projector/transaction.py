"""The transaction that writes a part of a batch, step by step, and its locks.

0. Read, under a shared lock, which tables to write (see generations). For each set of tables:
1. Lock the existing root rows, in the order of their keys. Rows that are already newer are skipped.
2. Insert the missing root rows with a plain INSERT. A missing row cannot be locked, so a duplicate key
   (1062) means that another transaction was first; the caller rolls back and repeats all steps.
3. Update the locked ones, guarded by their version, which comes last among the columns.
4. Write and delete the child rows that differ, only for locked parents.
5. Write the timeline and heartbeats, once; the timeline without personal data that were erased.
6. Write the summaries of each set last, so that locks on shared rows are held for the shortest time.

From step 2 on, each statement is encoded while the server runs the one before.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, starmap
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from chalicelib.core.mysql.statements import receive, run_each, send
from chalicelib.core.projector import heartbeats, sql, timeline
from chalicelib.core.projector.compaction import AggregateRows
from chalicelib.core.projector.erasures import without_erased
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


class Work(NamedTuple):
    """The work of one transaction.

    Attributes:
        rows: at most once an aggregate, by the generation of the projection that made them.
        errors: why rows are missing, by the generation; raised where that generation's tables are to be written.
        timeline: rows of the timeline.
        heartbeats: rows of the heartbeats.
    """

    rows: Mapping[int, Sequence[AggregateRows]] = MappingProxyType({})
    errors: Mapping[int, Exception] = MappingProxyType({})
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
    found = targets(connection, service) if work.rows or work.errors or work.timeline else InUse((), erased=False)
    if found.erased and work.timeline:
        work = work._replace(timeline=without_erased(connection, service, work.timeline))
    changes = []
    for projection in found.projections if work.rows or work.errors else ():
        if projection.generation in work.errors:
            error = work.errors[projection.generation]
            raise Poisonous(error_text(error)) from error
        changes.append(_prepare(connection, projection, work.rows.get(projection.generation, ())))
    statements, sums = [change.statements() for change in changes], [change.sums() for change in changes]
    run_statements(connection, chain(*statements, _once(work), *sums))
    connection.query("COMMIT")
    return changes[0].result if changes else WriteResult(0, 0)


class _Change(NamedTuple):
    """What a transaction changes in one set of tables.

    Attributes:
        projection: of the tables.
        roots: the root rows that the read model has of the batch's aggregates, by key.
        newer: the aggregates whose rows are to be written, in the order of their keys.
        old_children: the child rows that the read model has of those, by key; without an entry for a new aggregate.
        result: what becomes of the aggregates.
    """

    projection: Projection
    roots: Mapping[str, Row]
    newer: Sequence[AggregateRows]
    old_children: Mapping[str, FoundChildren]
    result: WriteResult

    def statements(self) -> Iterator[bytes]:
        """The statements that write root and child rows."""
        root = self.projection.root
        yield from sql.insert(root, [aggregate.root for aggregate in self.newer if aggregate.key not in self.roots])
        existing = [aggregate.root for aggregate in self.newer if aggregate.key in self.roots]
        yield from sql.insert(root, existing, _guarded(root))
        children = {aggregate.key: aggregate.children for aggregate in self.newer}
        for table in self.projection.children:
            yield from child_statements(table, children, self.old_children)

    def sums(self) -> Iterator[bytes]:
        """The statements that bring the summaries up to date."""
        if not self.projection.summaries:
            return
        differences = Differences(self.projection)
        for aggregate in self.newer:
            old = self.roots.get(aggregate.key)
            before = (old, self.old_children.get(aggregate.key, {})) if old else None
            differences.note(before, (aggregate.root, aggregate.children))
        yield from differences.statements()


def _prepare(connection: "Connection[Cursor]", projection: Projection, aggregates: Sequence[AggregateRows]) -> _Change:
    """Lock and read the rows that exist, and compare them with the new ones."""
    with of_the_record():
        aggregates = sorted(aggregates, key=lambda aggregate: aggregate.key)
    # What is read under the lock is needed for summaries; for all else the versions are enough.
    read = read_roots if projection.summaries else read_versions
    roots = read(connection, projection, [aggregate.key for aggregate in aggregates])
    newer = [
        aggregate
        for aggregate in aggregates
        if aggregate.key not in roots or version_of(roots[aggregate.key]) < aggregate.version
    ]
    old_children = read_children(connection, projection, [each.key for each in newer if each.key in roots])
    result = WriteResult(len(newer), len(aggregates) - len(newer))
    return _Change(projection, roots, newer, old_children, result)


def _once(work: Work) -> Iterator[bytes]:
    """The statements for the tables that exist once, whichever generation of the others is in use."""
    yield from sql.insert(timeline.TABLE, sorted(work.timeline, key=timeline.TABLE.key_of), timeline.UPSERT)
    yield from sql.insert(heartbeats.TABLE, work.heartbeats, heartbeats.UPSERT)


def run_statements(connection: "Connection[Cursor]", statements: Iterable[bytes]) -> None:
    """Run statements that are encoded from rows, each while the server runs the one before.

    Raises:
        Poisonous: the encoding raised something.
        Exception: whatever the server or the connection raises.
    """
    remaining = iter(statements)
    run_each(connection, iter(lambda: _next(remaining), None))


def _next(statements: Iterator[bytes]) -> bytes | None:
    with of_the_record():
        return next(statements, None)


def read_roots(
    connection: "Connection[Cursor]", projection: Projection, keys: Sequence[str], locking: str = "FOR UPDATE"
) -> dict[str, Row]:
    """The root rows that exist, by key; locked, unless told otherwise.

    FORCE INDEX keeps a small table from being scanned, which would wait for locks on rows of no concern.
    """
    root = projection.root
    return {root.key_of(row)[0]: row for row in _root_rows(connection, root, root.row, root.columns, keys, locking)}


class RootVersion(Row, frozen=True):
    """The key and the version of a root row."""

    key: str
    version: int


def read_versions(connection: "Connection[Cursor]", projection: Projection, keys: Sequence[str]) -> dict[str, Row]:
    """The versions of the root rows that exist, by key; locked."""
    root = projection.root
    columns = (*root.key, "version")
    rows = _root_rows(connection, root, RootVersion, columns, keys, "FOR UPDATE")
    return {row.key: row for row in rows}


def _root_rows(
    connection: "Connection[Cursor]",
    root: Table,
    row: type[AnyRow],
    columns: Sequence[str],
    keys: Sequence[str],
    locking: str,
) -> Iterator[AnyRow]:
    (key,) = root.key
    for first in range(0, len(keys), _KEYS_A_STATEMENT):
        part = keys[first : first + _KEYS_A_STATEMENT]
        source = f"{root.physical_name} FORCE INDEX (PRIMARY)"
        yield from starmap(row, _select(connection, columns, source, key, part, f"ORDER BY {key} {locking}"))


def read_children(
    connection: "Connection[Cursor]", projection: Projection, keys: Sequence[str]
) -> dict[str, FoundChildren]:
    """The child rows of locked parents: parent's key -> table's name -> rows.

    A plain read sees what is committed at its own start (READ COMMITTED), and only who holds the parent's
    lock writes its children.
    """
    found: dict[str, FoundChildren] = {}
    for table in projection.children:
        for start in range(0, len(keys), _KEYS_A_STATEMENT):
            part = keys[start : start + _KEYS_A_STATEMENT]
            rows = _select(connection, table.columns, table.physical_name, table.key[0], part)
            for row in starmap(table.row, rows):
                found.setdefault(table.key_of(row)[0], {}).setdefault(table.name, []).append(row)
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
        old = {key_of(row): row for row in old_children[id].get(table.name, ())}
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
    connection: "Connection[Cursor]", columns: Sequence[str], source: str, key: str, keys: Sequence[str], tail: str = ""
) -> Sequence[tuple[Any, ...]]:
    """Columns of the rows of a table whose key column holds one of the keys."""
    with of_the_record():
        text = f"SELECT {','.join(columns)} FROM {source} WHERE {key} IN {sql.in_list(keys)} {tail}"  # noqa: S608  (literals)
        statement = text.encode()  # strictly, where PyMySQL would let half a surrogate pair through
    send(connection, statement)
    return receive(connection)
