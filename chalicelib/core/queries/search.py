"""Search: the rows of a list that have every word which a person asks for, each by its beginning.

What rows are found by are words in tables of their own (core/words.py). There are two ways to find them. Driven: the
rows that have the rarest of the words are looked up by their keys. Walked: the list is read as it is sorted, and each
row is asked for the words, until the page is full. The first is for words that few rows have, the second for those that
many have; so the rows of each word are counted first, up to where it makes no difference.

The statements are written so that every server does as they say: STRAIGHT_JOIN fixes the order of a join, and a scalar
subquery with LIMIT 1 is asked row by row, never turned into a join of all rows. What is asked for so that neither
way leads to an answer in time is ended by the limit that every query has (core/queries/limit.py).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, Any, NamedTuple, TypeVar

from msgspec import Meta

from chalicelib.core.errors import Fault, Invalid
from chalicelib.core.queries.limit import QueryCursor
from chalicelib.core.queries.listing import Bookmark, Page, Sort, SortKey, Where
from chalicelib.core.words import beginnings

T = TypeVar("T")

WORDS = (
    "Every word must occur. A word matches by its beginning; letter case and accents do not count. In scripts without"
    " blanks between words, such as Chinese, Japanese and Thai, any part of a name matches."
)
SearchText = Annotated[str, Meta(min_length=1, max_length=200, description=WORDS, examples=["glass holder"])]
"""What a person types; a list adds of what the words are."""

# So many rows are looked up by their keys at most, where all of them have to be, to be sorted.
MOST_SORTED = 4_000
# And so many where the keys come in the order of the list; then at first the first 500 of them, since they mostly
# suffice, and after those the first 5,000.
MOST_ORDERED = 10_000
_ROUNDS = (500, 5_000)
_FEW = 200  # no other word need be counted
_MOST_COUNTED = 8
_NOTHING = "it has no word to search for. Give at least one letter or digit"


class Source(NamedTuple):
    """One way in which the rows of a list have what is sought: a table, and how rows are joined to it.

    Attributes:
        has: `table WHERE ...`, with one %s: something, if the list's row that is looked at has it.
        found: `table ... WHERE ...`, with one %s: all rows that have it, from that table on.
        key: the key of the list's rows, as `found` has it.
        at: a column of `found` that the list may be sorted by, before its key; "" where there is none.
    """

    has: str
    found: str
    key: str
    at: str = ""


class Sought(NamedTuple):
    """What every row of the answer has, in one of several ways: a pattern for a word, or another value."""

    value: str
    sources: Sequence[Source]


class Way(NamedTuple):
    """A way to the answer.

    Attributes:
        found: the keys to look up, as a derived table of the name `found` with a column `id`; "" to walk the list.
        values: of the %s in it.
    """

    found: str = ""
    values: tuple[Any, ...] = ()


def sought(text: str, sources: Sequence[Source], parameter: str = "q") -> list[Sought]:
    """What a person asks for with a text.

    Raises:
        Invalid: naming the parameter, when there is no word in the text.
    """
    words = beginnings(text)
    if not words:
        raise Invalid(f"{parameter}: {_NOTHING}.", faults=[Fault(_NOTHING, parameter=parameter)])
    return [Sought(f"{word}%", sources) for word in words]  # letters, digits and marks: nothing of LIKE's own


def narrow(where: Where, wanted: Sequence[Sought]) -> None:
    """Only rows that have all of it."""
    for one in wanted:
        alternatives = " OR ".join(f"(SELECT 1 FROM {source.has} LIMIT 1) = 1" for source in one.sources)  # noqa: S608
        where.add(f"({alternatives})", *[one.value] * len(one.sources))


def ways(
    cursor: QueryCursor, wanted: Sequence[Sought], sort: Sort, bookmark: Bookmark, *, by_at: bool = False
) -> Iterator[Way]:
    """The ways to a page, to be gone one after the other until the page is full.

    Args:
        cursor: in the snapshot's transaction.
        wanted: what is sought; nothing has the list walked.
        sort: of the list.
        bookmark: where the page begins.
        by_at: whether the sort's keys are what the sources have as `at` and `key`.

    Raises:
        Malformed: the cursor was made when this list was sorted by other keys.
    """
    if not wanted:
        yield Way()
        return
    most = MOST_ORDERED if by_at else MOST_SORTED
    rarest, count = _rarest(cursor, wanted, most)
    if count > most:
        yield Way()
        return
    for first in _ROUNDS if by_at else ():
        if first < count:
            yield _first(rarest, sort, bookmark.position_in(sort), first)
    yield Way(f"({_keys(rarest, '')}) found", (rarest.value,) * len(rarest.sources))


def first_full(ways: Iterable[Way], read: Callable[[Way], Page[T]]) -> Page[T]:
    """The first page that another one follows, or else the page by the last way, which finds all that there is."""
    page = Page[T]([], None)
    for way in ways:
        page = read(way)
        if page.next_cursor is not None:
            break
    return page


def _rarest(cursor: QueryCursor, wanted: Sequence[Sought], most: int) -> tuple[Sought, int]:
    """What the fewest rows have, and how many; only the longest words are counted, and no further than need be."""
    counts: list[tuple[int, Sought]] = []
    for one in sorted(wanted, key=lambda one: len(one.value), reverse=True)[:_MOST_COUNTED]:
        counts.append((_count(cursor, one, most), one))
        if counts[-1][0] <= _FEW:
            break
    count, rarest = min(counts, key=lambda counted: counted[0])
    return rarest, count


def _count(cursor: QueryCursor, one: Sought, most: int) -> int:
    """How many rows have it, up to one more than `most` in each way; those that have it twice count twice."""
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
    """The SELECT of the keys of all rows that have it, each once."""
    return " UNION ".join(
        f"SELECT {source.key} AS id{more.format(source=source)} FROM {source.found}"  # noqa: S608
        for source in one.sources
    )
