"""Keyset pagination: a page begins after the last row of the previous page, whatever was inserted meanwhile.

A list has a sort, which ends in a unique key, and a bookmark: the values of the sort's columns in the last row. The
client gets the bookmark as a signed text, which is valid only for the same list, filters and sort, and sends it as the
parameter `cursor`. In the code a cursor is always one of SQL.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Meta

from chalicelib.core.errors import Fault, Malformed
from chalicelib.core.queries.limit import QueryCursor, ResultRow
from chalicelib.core.tokens import BadSignature, Signer

T = TypeVar("T")

Limit = Annotated[int, Meta(ge=1, le=200, description="The largest number of items on a page.", examples=[50])]
BookmarkText = Annotated[
    str,
    Meta(max_length=4096, description="Where the page begins. Take it from `next` of the previous page, unchanged."),
]


class ListParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters that every list has. A list's own parameters, its filters and its sort, extend this class."""

    limit: Limit = 50
    bookmark: BookmarkText | None = msgspec.field(default=None, name="cursor")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list: its items, and the bookmark of the next page, or None on the last."""

    items: list[T]
    next_bookmark: str | None


class SortKey(NamedTuple):
    """A key of a sort: an SQL expression that is never NULL, and its column name in the rows."""

    sql: str
    name: str


class Sort(NamedTuple):
    """The keys of a sort, all in one direction, so that one index covers both directions. Together they are unique."""

    keys: tuple[SortKey, ...]
    descending: bool = False

    @property
    def order_by(self) -> str:
        """The ORDER BY clause."""
        direction = " DESC" if self.descending else ""
        return "ORDER BY " + ", ".join(key.sql + direction for key in self.keys)


class Where:
    """The conditions of a query and the values in them."""

    def __init__(self, *conditions: str) -> None:
        self._conditions = list(conditions)
        self._values: list[Any] = []

    def add(self, condition: str, *values: Any) -> None:
        """Add a condition, with a value for each %s. If a value is None, nothing is added."""
        if None not in values:
            self._conditions.append(condition)
            self._values += values

    def behind(self, sort: Sort, position: Sequence[Any]) -> "Where":
        """The same conditions, restricted to rows after a position.

        Written as `a > x OR (a = x AND b > y)`, because optimizers turn that into ranges of an index. They do not do
        so for `(a, b) > (x, y)`.
        """
        sign = "<" if sort.descending else ">"
        alternatives: list[str] = []
        values: list[Any] = []
        for index, key in enumerate(sort.keys):
            equal = [f"{earlier.sql} = %s" for earlier in sort.keys[:index]]
            alternatives.append(" AND ".join([*equal, f"{key.sql} {sign} %s"]))
            values += position[: index + 1]
        narrower = Where(*self._conditions)
        narrower._values = [*self._values]
        narrower.add("(" + " OR ".join(f"({alternative})" for alternative in alternatives) + ")", *values)
        return narrower

    @property
    def sql(self) -> str:
        """The WHERE clause; "" without conditions."""
        return "WHERE " + " AND ".join(self._conditions) if self._conditions else ""

    @property
    def values(self) -> tuple[Any, ...]:
        """The values, in the order of their conditions."""
        return tuple(self._values)


class Bookmark:
    """The position at which a page begins. It signs the bookmark of the next page.

    Args:
        signer: signs bookmarks.
        listing: the list's name. Lists of the same name accept each other's bookmarks.
        parameters: the parameters as the client sent them.
        scope: anything else that decides which rows the list has, such as an owner's id or a default.

    Raises:
        Malformed: the bookmark was not made for this list with these parameters.
    """

    def __init__(self, signer: Signer, listing: str, parameters: ListParameters, *scope: str | None) -> None:
        filters = msgspec.to_builtins(parameters)
        del filters["limit"], filters["cursor"]
        self._signer = signer
        # The standard library's encoder, since it accepts lone surrogates, which a broken client may send.
        self._purpose = "cursor:" + json.dumps([listing, filters, scope])
        self.position = self._read(parameters.bookmark)

    def _read(self, text: str | None) -> list[Any] | None:
        """The values in the bookmark; None on the first page."""
        if text is None:
            return None
        try:
            position: list[Any] = self._signer.read(self._purpose, text)
        except BadSignature as error:
            raise bad_bookmark() from error
        return position

    def position_in(self, sort: Sort, carried: int = 0) -> list[Any] | None:
        """The values of the sort's keys after which the page begins; None on the first page.

        Args:
            sort: the list's sort.
            carried: how many further values the list's bookmarks hold before those of the sort.

        Raises:
            Malformed: the cursor was made when this list had other sort keys.
        """
        if self.position is None:
            return None
        if len(self.position) != carried + len(sort.keys):
            raise bad_bookmark()
        return self.position[carried:]

    def text_of(self, position: list[Any]) -> str:
        """The bookmark of a page that begins after a position, as the client gets it."""
        return self._signer.sign(self._purpose, position)


def bad_bookmark() -> Malformed:
    """The error for a bookmark that does not belong to the list it was sent to."""
    detail = (
        "not a cursor of this list with these filters and this sort. Use `next` unchanged, or start without a cursor"
    )
    return Malformed(f"The parameter cursor is {detail}.", faults=[Fault(detail, parameter="cursor")])


def read_page(
    cursor: QueryCursor,
    select: str,
    where: Where,
    sort: Sort,
    bookmark: Bookmark,
    limit: int,
    item: Callable[[ResultRow], T],
    *,
    values: tuple[Any, ...] = (),
    carried: tuple[Any, ...] = (),
) -> Page[T]:
    """Read one page.

    Args:
        cursor: the snapshot's cursor.
        select: `SELECT ... FROM ...`, with the sort's keys under their names.
        where: the filters. The bookmark's condition is added here.
        sort: the list's sort.
        bookmark: the position at which the page begins.
        limit: the largest number of items.
        item: row -> item of the answer.
        values: the values for each %s in `select`.
        carried: further values that this list's bookmarks hold before the position.

    Raises:
        Malformed: the cursor was made when this list had other sort keys.
    """
    position = bookmark.position_in(sort, len(carried))
    if position is not None:
        where = where.behind(sort, position)
    cursor.execute(f"{select} {where.sql} {sort.order_by} LIMIT {limit + 1}", (*values, *where.values))
    rows = cursor.fetchall()
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = bookmark.text_of([*carried, *(_plain(last[key.name]) for key in sort.keys)])
    return Page([item(row) for row in rows[:limit]], following)


def _plain(value: Any) -> Any:
    """A key's value as JSON."""
    return str(value) if isinstance(value, date) else value
