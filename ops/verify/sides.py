"""The two sides: items in the write store and rows in the read model. Each is read by page or by key."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chalicelib.core.dynamodb.store import MAX_BATCH_GET, PATIENT_TRIES, batch_get
from chalicelib.core.projector import sql
from chalicelib.core.projector.transaction import read_children, read_roots
from chalicelib.core.projector.writer import Writer
from chalicelib.core.service import Projection, Service, UnknownAggregate, is_head
from ops.verify.drift import NOTHING, FoundRows
from ops.verify.scanning import Page, decoded, prepare, scan

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

Item = Mapping[str, Any]
Position = Mapping[str, Any]
# The number of items that are decoded at once, and the most that a transaction writes.
ITEMS_AT_ONCE = 500
_ROWS_A_PAGE = 1000


def with_rows(service: Service) -> Callable[[str], bool]:
    """A function that tells whether the read model should have rows of an item, by its id.

    This includes an item that is no known aggregate: it is reported as unreadable, not ignored.
    """

    def wanted(id: str) -> bool:
        try:
            return is_head(id) and service.projects(id)
        except UnknownAggregate:
            return True

    return wanted


class Items:
    """The wanted items of one service's table.

    Args:
        client: a DynamoDB client.
        table: the table's name.
        wanted: id -> whether the item is wanted.
    """

    def __init__(self, client: "DynamoDBClient", table: str, wanted: Callable[[str], bool]) -> None:
        prepare(client)
        self._client = client
        self._table = table
        self._wanted = wanted

    def pages(
        self, segment: int, segments: int, after: Position | None = None
    ) -> Iterator[tuple[Iterator[list[Item]], Position | None]]:
        """The pages of one segment of a parallel, consistent scan.

        Args:
            segment: the segment's number, from 0.
            segments: the number of segments.
            after: the position to continue from, as an earlier scan of the same segment returned it.

        Yields:
            The items of a page, in parts of at most ITEMS_AT_ONCE, and the position after it; None after the last page.
            A part is decoded when it is asked for.
        """
        place: dict[str, Any] = {"ExclusiveStartKey": after} if after else {}
        while True:
            page = scan(
                self._client,
                TableName=self._table,
                ConsistentRead=True,
                Segment=segment,
                TotalSegments=segments,
                **place,
            )
            yield self._parts(page), page.last_evaluated_key
            if not page.last_evaluated_key:
                return
            place = {"ExclusiveStartKey": page.last_evaluated_key}

    def parts(self, segment: int, segments: int) -> Iterator[list[Item]]:
        """The items of one segment of a parallel, consistent scan, in parts of at most ITEMS_AT_ONCE."""
        for parts, _ in self.pages(segment, segments):
            yield from parts

    def _parts(self, page: Page) -> Iterator[list[Item]]:
        for start in range(0, len(page.items), ITEMS_AT_ONCE):
            items = map(decoded, page.items[start : start + ITEMS_AT_ONCE])
            yield [item for item in items if self._wanted(item["id"]["S"])]

    def get(self, ids: Sequence[str]) -> dict[str, Item]:
        """The wanted items with these ids, as far as they exist, read consistently."""
        return {item["id"]["S"]: item for item in self._read(ids)}

    def existing(self, ids: Sequence[str]) -> set[str]:
        """The ids that have a wanted item."""
        return {item["id"]["S"] for item in self._read(ids, "id")}

    def _read(self, ids: Sequence[str], projection: str = "") -> Iterator[Item]:
        chosen = [id for id in ids if self._wanted(id)]
        for start in range(0, len(chosen), MAX_BATCH_GET):
            part = chosen[start : start + MAX_BATCH_GET]
            yield from batch_get(self._client, self._table, part, tries=PATIENT_TRIES, projection=projection)

    def count(self) -> int | None:
        """The approximate number of items, including claims. DynamoDB counts them every six hours."""
        return self._client.describe_table(TableName=self._table)["Table"].get("ItemCount") or None


class ReadRows:
    """The rows of one projection.

    Args:
        writer: connections to the writer, one for each thread. A replica would show differences that are only lag.
        projection: the projection of the tables.
    """

    def __init__(self, writer: Writer, projection: Projection) -> None:
        self._writer = writer
        self._projection = projection

    def get(self, keys: Sequence[str], *, together: bool = False) -> dict[str, FoundRows]:
        """The rows of each aggregate; NOTHING if it has none.

        Args:
            keys: the keys of the root rows.
            together: whether to read root and child rows of the same commit, by a shared lock.
        """
        connection = self._writer.connection()
        if together:
            connection.query("START TRANSACTION")
        roots = read_roots(connection, self._projection, keys, "LOCK IN SHARE MODE" if together else "")
        children = read_children(connection, self._projection, keys)
        if together:
            connection.query("COMMIT")
        return {
            key: FoundRows(roots.get(key), children.get(key, {})) if key in roots or key in children else NOTHING
            for key in keys
        }

    def pages(self) -> Iterator[list[str]]:
        """The keys of all aggregates that have a root row, in the order of keys."""
        root = self._projection.root
        yield from self._keys(f"SELECT {root.key[0]} FROM {root.physical_name} WHERE {{after}}", root.key[0])

    def orphans(self) -> Iterator[list[str]]:
        """The keys of aggregates that have child rows and no root row."""
        root = self._projection.root
        for table in self._projection.children:
            key = table.key[0]
            yield from self._keys(
                f"SELECT DISTINCT c.{key} FROM {table.physical_name} c"
                f" LEFT JOIN {root.physical_name} r ON r.{root.key[0]} = c.{key}"
                f" WHERE r.{root.key[0]} IS NULL AND {{after}}",
                f"c.{key}",
            )

    def _keys(self, statement: str, column: str) -> Iterator[list[str]]:
        """Pages of the keys that a statement returns. `{after}` in it becomes the condition for the next page."""
        after = ""
        while True:
            text = statement.format(after=f"{column} > {sql.text_literal(after)}")
            keys = [
                key for (key,) in _rows(self._writer.connection(), f"{text} ORDER BY {column} LIMIT {_ROWS_A_PAGE}")
            ]
            if keys:
                yield keys
            if len(keys) < _ROWS_A_PAGE:
                return
            after = keys[-1]


def _rows(connection: "Connection[Cursor]", statement: str) -> Sequence[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows: Sequence[Any] = cursor.fetchall()
        return rows
