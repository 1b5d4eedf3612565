"""The queries about accounts, with their turnover."""

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from chalicelib.core.queries.answers import Timestamp, Version, timestamp
from chalicelib.core.queries.limit import QueryCursor, ResultRow
from chalicelib.core.queries.listing import Bookmark, ListParameters, Page, Sort, SortKey, Where, read_page
from chalicelib.core.queries.search import (
    MATCHING,
    SearchedTable,
    SearchText,
    Way,
    first_full,
    narrow,
    rarest_first,
    sought,
    ways,
)
from chalicelib.core.tokens import Signer
from tests.core.domain.fields import Owner


class AccountFilters(ListParameters, frozen=True):
    """The filters and the sort of a list of accounts."""

    q: Annotated[SearchText, Meta(description=f"{MATCHING} Of the name.")] | None = None
    owner: Owner | None = None
    min_balance: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    sort: Literal["id", "name", "-name", "balance", "-balance"] = "id"


class AccountSummary(Struct, frozen=True, kw_only=True):
    """An account as lists show it."""

    id: str
    version: Version
    owner: str
    name: str
    balance: int
    available: Annotated[int, Meta(description="In it and not promised.")]
    opened_at: Timestamp
    updated_at: Timestamp


class Turnover(Struct, frozen=True, kw_only=True):
    """The money that transfers moved into and out of an account on a UTC day."""

    day: date
    transfers: int
    incoming: int
    outgoing: int


class AccountDetail(AccountSummary, frozen=True, kw_only=True):
    """An account with its note and its turnover."""

    note: str
    turnover: list[Turnover]


_COLUMNS = "a.id, a.version, a.owner, a.name, a.balance, a.available, a.opened_at, a.updated_at"
_LIST = f"SELECT {_COLUMNS} FROM accounts a"
_FOUND = f"SELECT {_COLUMNS} FROM {{found}} STRAIGHT_JOIN accounts a ON a.id = found.id"
_SEARCHED = (
    SearchedTable(
        has="account_words w WHERE w.id = a.id AND w.word LIKE %s",
        found="account_words w WHERE w.word LIKE %s",
        key="w.id",
    ),
)
_DETAIL = f"SELECT {_COLUMNS}, a.note FROM accounts a WHERE a.id = %s AND a.deleted_at IS NULL"
_TURNOVER = "SELECT day, transfers, incoming, outgoing FROM turnover_by_account WHERE account = %s ORDER BY day"
_ID = SortKey("a.id", "id")


def list_accounts(cursor: QueryCursor, filters: AccountFilters, signer: Signer) -> Page[AccountSummary]:
    """Return one page of the accounts that are open.

    Raises:
        Malformed: the bookmark belongs to another list.
        Invalid: `q` has nothing that can be searched for.
    """
    where = Where("a.deleted_at IS NULL")
    where.add("a.owner = %s", filters.owner)
    where.add("a.balance >= %s", filters.min_balance)
    wanted = [] if filters.q is None else rarest_first(cursor, sought(filters.q, _SEARCHED))
    narrow(where, wanted)
    by = filters.sort.removeprefix("-")
    keys = (_ID,) if by == "id" else (SortKey(f"a.{by}", by), _ID)
    sort, bookmark = Sort(keys, filters.sort.startswith("-")), Bookmark(signer, "accounts", filters)

    def page(way: Way) -> Page[AccountSummary]:
        select = _FOUND.format(found=way.found) if way.found else _LIST
        return read_page(cursor, select, where, sort, bookmark, filters.limit, _summary, values=way.values)

    return first_full(ways(wanted, sort, bookmark), page)


def get_account(cursor: QueryCursor, id: str) -> AccountDetail | None:
    """Return one account, or None if the read model has no such account or it is closed."""
    cursor.execute(_DETAIL, (id,))
    row = cursor.fetchone()
    if row is None:
        return None
    cursor.execute(_TURNOVER, (id,))
    turnover = [
        Turnover(**{name: int(value) if name != "day" else value for name, value in day.items()})
        for day in cursor.fetchall()
    ]
    return AccountDetail(**_members(row), note=row["note"], turnover=turnover)


def _summary(row: ResultRow) -> AccountSummary:
    return AccountSummary(**_members(row))


def _members(row: ResultRow) -> dict[str, Any]:
    names = ("id", "version", "owner", "name", "balance", "available")
    times = ("opened_at", "updated_at")
    return {name: row[name] for name in names} | {name: timestamp(row[name]) for name in times}
