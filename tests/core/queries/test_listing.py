"""The cursors and conditions of lists: what cursors belong to, and the SQL of conditions."""

from typing import Literal

import pytest

from chalicelib.core.errors import Malformed
from chalicelib.core.queries.listing import Bookmark, ListParameters, Sort, SortKey, Where
from chalicelib.core.tokens import Signer

SIGNER = Signer("a secret of at least thirty-two characters")
BY_NAME = Sort((SortKey("t.name", "name"), SortKey("t.id", "id")))


class Filters(ListParameters, frozen=True):
    """A list's own parameters."""

    status: str | None = None
    sort: Literal["name", "-name"] = "name"


def cursor_of(filters: Filters, listing: str = "things", *scope: str | None) -> str:
    """Return a cursor of such a list."""
    return Bookmark(SIGNER, listing, filters, *scope).text_of(["Ada", "usr_1"])


def test_a_cursor_comes_back_to_its_list() -> None:
    """A cursor belongs to the same filters and sort. The page size may change."""
    cursor = cursor_of(Filters(status="open"))
    assert Bookmark(SIGNER, "things", Filters(status="open", bookmark=cursor, limit=3)).position == ["Ada", "usr_1"]


def test_without_a_cursor_a_list_begins_at_its_beginning() -> None:
    """Without a cursor, there is no position."""
    assert Bookmark(SIGNER, "things", Filters()).position is None


@pytest.mark.parametrize(
    "foreign",
    [
        cursor_of(Filters()),
        cursor_of(Filters(status="closed")),
        cursor_of(Filters(status="open", sort="-name")),
        cursor_of(Filters(status="open"), "others"),
        cursor_of(Filters(status="open"), "things", "usr_1"),
        SIGNER.consistency_token("transfers", "tra_1", 1),
        Bookmark(Signer("another secret of thirty-two characters"), "things", Filters(status="open")).text_of([1]),
        cursor_of(Filters(status="open"))[:-1],
        "",
        "é😀\ud800",
    ],
)
def test_any_other_cursor_is_malformed(foreign: str) -> None:
    """A cursor of another filter, sort, list, scope or secret, or a damaged one, is 400 and the parameter is named."""
    with pytest.raises(Malformed) as caught:
        Bookmark(SIGNER, "things", Filters(status="open", bookmark=foreign))
    assert [fault.parameter for fault in caught.value.faults] == ["cursor"]


def test_conditions_without_a_value_are_left_out() -> None:
    """A filter that the client did not set adds no condition."""
    where = Where("t.deleted_at IS NULL")
    where.add("t.a = %s", None)
    where.add("t.b = %s", 0)
    where.add("t.c = %s", "")
    assert where.sql == "WHERE t.deleted_at IS NULL AND t.b = %s AND t.c = %s"
    assert where.values == (0, "")
    assert Where().sql == ""


def test_rows_behind_a_position() -> None:
    """All keys but the last may be equal. The direction decides the comparison."""
    all_of_them = Where("t.a")
    where = all_of_them.behind(BY_NAME, ["Ada", "usr_1"])
    assert where.sql == "WHERE t.a AND ((t.name > %s) OR (t.name = %s AND t.id > %s))"
    assert where.values == ("Ada", "Ada", "usr_1")
    assert BY_NAME.order_by == "ORDER BY t.name, t.id"
    backwards = Sort(BY_NAME.keys, descending=True)
    where = Where().behind(backwards, ["Ada", "usr_1"])
    assert where.sql == "WHERE ((t.name < %s) OR (t.name = %s AND t.id < %s))"
    assert all_of_them.sql == "WHERE t.a"
    assert backwards.order_by == "ORDER BY t.name DESC, t.id DESC"
