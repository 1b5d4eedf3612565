"""Search: find the rows of a list in which every word of a text occurs. A word matches by its beginning.

The words of each row are in word tables (core/words.py says what a word is). There are two ways to find rows. Driven:
look up the keys of the rows that have the rarest word. Walked: read the list in its sort and test each row for the
words, until the page is full. The first is fast for words that few rows have, the second for words that many have. So
the rows of each word are counted first, up to the number at which the choice is clear.

The statements are written so that every server runs them in the same way. STRAIGHT_JOIN fixes how tables are joined. A
scalar subquery with LIMIT 1 is evaluated row by row and never becomes a join of all rows. A search that neither way
answers in time is ended by the limit that every query has (core/queries/limit.py).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, Any, NamedTuple, TypeVar

from msgspec import Meta

from chalicelib.core.errors import Fault, Invalid
from chalicelib.core.queries.limit import QueryCursor
from chalicelib.core.queries.listing import Bookmark, Page, Sort, SortKey, Where
from chalicelib.core.words import beginnings

T = TypeVar("T")

MATCHING = (
    "Every word must occur. A word matches by its beginning; letter case and accents do not count. In scripts without"
    " blanks between words, such as Chinese, Japanese and Thai, any part of a name matches. Several common words that"
    " rarely occur together may take too long, which is 422 `too-costly`: add a rarer word or a filter."
)
SearchText = Annotated[str, Meta(min_length=1, max_length=200, description=MATCHING, examples=["glass holder"])]
"""The text that a person types. Each list's own description adds what is searched."""

# The most rows that are looked up by key if all of them have to be read before they can be sorted.
MOST_SORTED = 4_000
# The most if the keys come in the order of the list. Then the first 500 are read, which mostly suffice, and after those
# the first 5,000.
MOST_ORDERED = 10_000
_ROUNDS = (500, 5_000)
_FEW = 200  # no other word need be counted
_MOST_COUNTED = 8
_NOTHING = "it has no word to search for. Give at least one letter or digit"


class SearchedTable(NamedTuple):
    """A place in which a search looks: a table, and how the list's rows are joined to it.

    Attributes:
        has: `table WHERE ...`, with one %s. It yields a row if the present row of the list matches.
        found: `table ... WHERE ...`, with one %s. It yields all matching rows.
        key: the expression in `found` for the key of the list's rows.
        at: a column of `found` by which the list may be sorted, before its key; "" if there is none.
    """

    has: str
    found: str
    key: str
    at: str = ""


class Sought(NamedTuple):
    """A value that every row of the answer has in at least one source: a word's pattern, or another value.

    Attributes:
        value: for the %s of each source.
        sources: where it may be.
        rows: how many rows have it, or None where they were not counted.
    """

    value: str
    sources: Sequence[SearchedTable]
    rows: int | None = None


class Way(NamedTuple):
    """A way to read a page.

    Attributes:
        found: the keys to look up, as a derived table named `found` with a column `id`; "" to walk the list.
        values: the values for each %s in `found`.
    """

    found: str = ""
    values: tuple[Any, ...] = ()


def sought(text: str, sources: Sequence[SearchedTable], parameter: str = "q") -> list[Sought]:
    """The words of a search text, as values to look for.

    Raises:
        Invalid: the text has no word. The fault names the parameter.
    """
    words = beginnings(text)
    if not words:
        raise Invalid(f"{parameter}: {_NOTHING}.", faults=[Fault(_NOTHING, parameter=parameter)])
    return [Sought(f"{word}%", sources) for word in words]  # letters, digits and marks: nothing of LIKE's own


def rarest_first(cursor: QueryCursor, wanted: Sequence[Sought], *, by_at: bool = False) -> list[Sought]:
    """The values with their numbers of rows, the rarest first.

    Only the longest words are counted, up to the number at which the way is clear, and none after a rare one.

    Args:
        cursor: the snapshot's cursor.
        wanted: the values to look for.
        by_at: as for `ways`.
    """
    most = MOST_ORDERED if by_at else MOST_SORTED
    longest = sorted(wanted, key=lambda one: len(one.value), reverse=True)
    counted: list[tuple[int, Sought]] = []
    for one in longest[:_MOST_COUNTED]:
        rows = _count(cursor, one, most)
        counted.append((rows, one._replace(rows=rows)))
        if rows <= _FEW:
            break
    return [one for _, one in sorted(counted, key=lambda pair: pair[0])] + longest[len(counted) :]


def narrow(where: Where, wanted: Sequence[Sought]) -> None:
    """Restrict a query to rows that have all of the values. A row is tested for them in this order."""
    for one in wanted:
        alternatives = " OR ".join(f"(SELECT 1 FROM {source.has} LIMIT 1) = 1" for source in one.sources)  # noqa: S608
        where.add(f"({alternatives})", *[one.value] * len(one.sources))


def ways(wanted: Sequence[Sought], sort: Sort, bookmark: Bookmark, *, by_at: bool = False) -> Iterator[Way]:
    """The ways to read a page. The caller tries one after the other until the page is full.

    Args:
        wanted: the values to look for, as `rarest_first` returns them. If there are none, or they were not counted, the
            list is walked.
        sort: the list's sort.
        bookmark: the position at which the page begins.
        by_at: whether the sort's keys are the `at` and `key` of the sources.

    Raises:
        Malformed: the bookmark was made when this list had other sort keys.
    """
    rarest = wanted[0] if wanted else None
    if rarest is None or rarest.rows is None or rarest.rows > (MOST_ORDERED if by_at else MOST_SORTED):
        yield Way()
        return
    for first in _ROUNDS if by_at else ():
        if first < rarest.rows:
            yield _first(rarest, sort, bookmark.position_in(sort), first)
    yield Way(f"({_keys(rarest, '')}) found", (rarest.value,) * len(rarest.sources))


def first_full(ways: Iterable[Way], read: Callable[[Way], Page[T]]) -> Page[T]:
    """The first page that is full, or else the page of the last way, which finds every row."""
    page = Page[T]([], None)
    for way in ways:
        page = read(way)
        if page.next_bookmark is not None:
            break
    return page


def _count(cursor: QueryCursor, one: Sought, most: int) -> int:
    """How many rows have the value, up to `most` + 1 in each source. A row found in two sources counts twice."""
    counts = " + ".join(
        f"(SELECT COUNT(*) FROM (SELECT 1 FROM {source.found} LIMIT {most + 1}) t)"  # noqa: S608 - a service's own
        for source in one.sources
    )
    cursor.execute(f"SELECT {counts} AS n", (one.value,) * len(one.sources))
    (row,) = cursor.fetchall()
    return int(row["n"])


def _first(one: Sought, sort: Sort, position: Sequence[Any] | None, count: int) -> Way:
    """The first so many rows that have it, in the order of the list, behind the position."""
    at, key = sort.keys
    keys = Sort((SortKey("u.at", at.name), SortKey("u.id", key.name)), sort.descending)
    where = Where() if position is None else Where().behind(keys, position)
    union = _keys(one, ", {source.at} AS at")
    text = f"(SELECT u.id FROM ({union}) u {where.sql} {keys.order_by} LIMIT {count}) found"  # noqa: S608
    return Way(text, (*[one.value] * len(one.sources), *where.values))


def _keys(one: Sought, more: str) -> str:
    """The SELECT of the keys of all rows that have it, each once: UNION removes duplicates, a SELECT alone does not."""
    select = "SELECT" if len(one.sources) > 1 else "SELECT DISTINCT"
    return " UNION ".join(
        f"{select} {source.key} AS id{more.format(source=source)} FROM {source.found}" for source in one.sources
    )
