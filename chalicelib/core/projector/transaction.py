"""The transaction that writes a part of a batch: its order, and its locks.

1. Lock the root rows that exist, in the order of their keys. Those that are newer already drop out.
2. Insert the root rows that do not exist, plainly: an absent row cannot be locked, so a duplicate key
   (1062) says that another transaction was first; the caller rolls back and does it all again.
3. Update the locked ones, guarded by their version, which comes last among the columns.
4. Write and delete the child rows that differ, of locked parents alone.
5. Timeline and heartbeats.
6. Summaries last, so that a row that all want is held shortest.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.core.projector import heartbeats, sql, timeline
from chalicelib.core.projector.plan import Plan
from chalicelib.core.projector.summaries import Differences
from chalicelib.core.service import Projection, Row, Table

if TYPE_CHECKING:
    from pymysql.connections import Connection

ChildRows = dict[str, list[Row]]
_KEYS_A_STATEMENT = 1000


class Work(NamedTuple):
    """What one transaction writes.

    Attributes:
        plans: at most one an aggregate.
        timeline: rows of the timeline.
        heartbeats: rows of the heartbeats.
    """

    plans: Sequence[Plan] = ()
    timeline: Sequence[Row] = ()
    heartbeats: Sequence[Row] = ()


class Written(NamedTuple):
    """How many aggregates a transaction wrote, and how many it found to be newer already."""

    fresh: int
    stale: int


def write(connection: "Connection[Any]", projection: Projection, work: Work) -> Written:
    """Write it all in one transaction, and commit.

    Raises:
        Exception: whatever the server or the projection raises; nothing is committed then, or, if the
            connection was lost while committing, all of it.
    """
    connection.query("START TRANSACTION")
    found = lock_roots(connection, projection, sorted(plan.key for plan in work.plans))
    version = projection.root.columns.index("version")
    fresh = sorted(
        (plan for plan in work.plans if plan.key not in found or found[plan.key][version] < plan.version),
        key=lambda plan: plan.key,
    )
    newer = [plan for plan in fresh if plan.key in found]
    old_children = read_children(connection, projection, [plan.key for plan in newer])
    differences = Differences(projection)
    for plan in fresh:
        old = found.get(plan.key)
        differences.note((old, old_children.get(plan.key, {})) if old else None, (plan.root, plan.children))
    for statement in _statements(projection, fresh, found, old_children, work):
        connection.query(statement)
    for statement in differences.statements():
        connection.query(statement)
    connection.query("COMMIT")
    return Written(len(fresh), len(work.plans) - len(fresh))


def _statements(
    projection: Projection,
    fresh: Sequence[Plan],
    found: Mapping[str, Row],
    old_children: Mapping[str, ChildRows],
    work: Work,
) -> Iterator[bytes]:
    """Every statement between the locks and the summaries."""
    root = projection.root
    yield from sql.insert(root.place, root.columns, [plan.root for plan in fresh if plan.key not in found])
    newer = [plan.root for plan in fresh if plan.key in found]
    yield from sql.insert(root.place, root.columns, newer, _guarded(root))
    for table in projection.children:
        yield from child_statements(table, fresh, old_children)
    lines = sorted(work.timeline, key=lambda row: row[:3])
    yield from sql.insert(timeline.TABLE.name, timeline.TABLE.columns, lines, timeline.UPSERT)
    yield from sql.insert(heartbeats.TABLE.name, heartbeats.TABLE.columns, work.heartbeats, heartbeats.UPSERT)


def lock_roots(connection: "Connection[Any]", projection: Projection, keys: Sequence[str]) -> dict[str, Row]:
    """The root rows that exist, locked, by key.

    FORCE INDEX keeps a small table from being scanned, which would wait for locks on rows of no concern.
    """
    root = projection.root
    (key,) = root.key
    position = root.columns.index(key)
    found: dict[str, Row] = {}
    for start in range(0, len(keys), _KEYS_A_STATEMENT):
        chosen = sql.in_list(keys[start : start + _KEYS_A_STATEMENT])
        rows = _query(
            connection,
            f"SELECT {','.join(root.columns)} FROM {root.place} FORCE INDEX (PRIMARY)"  # noqa: S608  (literals)
            f" WHERE {key} IN {chosen} ORDER BY {key} FOR UPDATE",
        )
        found.update((row[position], row) for row in rows)
    return found


def read_children(connection: "Connection[Any]", projection: Projection, keys: Sequence[str]) -> dict[str, ChildRows]:
    """The child rows of locked parents: parent's key -> table's name -> rows.

    A plain read sees what is committed at its own start (READ COMMITTED), and only who holds the parent's
    lock writes its children.
    """
    found: dict[str, ChildRows] = {}
    for table in projection.children:
        for start in range(0, len(keys), _KEYS_A_STATEMENT):
            chosen = sql.in_list(keys[start : start + _KEYS_A_STATEMENT])
            rows = _query(
                connection,
                f"SELECT {','.join(table.columns)} FROM {table.place}"  # noqa: S608  (literals)
                f" WHERE {table.key[0]} IN {chosen}",
            )
            for row in rows:
                found.setdefault(row[0], {}).setdefault(table.name, []).append(row)
    return found


def _guarded(root: Table) -> str:
    """Update every column if the row given is newer; the version last, since all others compare with it."""
    columns = [column for column in root.columns if column not in root.key and column != "version"]
    return "ON DUPLICATE KEY UPDATE " + ", ".join(
        f"{column} = IF(VALUES(version) > version, VALUES({column}), {column})" for column in [*columns, "version"]
    )


def child_statements(table: Table, fresh: Iterable[Plan], old_children: Mapping[str, ChildRows]) -> Iterator[bytes]:
    """Write the child rows that are new or changed, delete those that are gone."""
    changed: list[Row] = []
    gone: list[Row] = []
    key_of = itemgetter(slice(len(table.key)))
    for plan in fresh:
        rows = plan.children.get(table.name, ())
        if plan.key not in old_children:
            changed += rows
            continue
        old = {key_of(row): row for row in old_children[plan.key].get(table.name, ())}
        new = {key_of(row): row for row in rows}
        changed += [row for key, row in new.items() if old.get(key) != row]
        gone += [key for key in old if key not in new]
    changed.sort(key=key_of)
    update = ", ".join(f"{column} = VALUES({column})" for column in table.columns if column not in table.key)
    yield from sql.insert(table.place, table.columns, changed, f"ON DUPLICATE KEY UPDATE {update}")
    for start in range(0, len(gone), _KEYS_A_STATEMENT):
        chosen = sql.any_of(table.key, sorted(gone[start : start + _KEYS_A_STATEMENT]))
        yield f"DELETE FROM {table.place} WHERE {chosen}".encode()  # noqa: S608  (literals)


def _query(connection: "Connection[Any]", statement: str) -> Sequence[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement.encode())  # strictly, where PyMySQL would let half a surrogate pair through
        rows: Sequence[Row] = cursor.fetchall()
        return rows
