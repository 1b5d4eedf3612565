"""The queries about transfers, with the names of their accounts."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from chalicelib.core.errors import Fault, Invalid
from chalicelib.core.queries.answers import Timestamp, Version, timestamp
from chalicelib.core.queries.limit import QueryCursor, ResultRow
from chalicelib.core.queries.listing import Bookmark, ListParameters, Page, Sort, SortKey, Where, read_page
from chalicelib.core.tokens import Signer
from tests.core.domain.fields import Number, Owner, Reference

Status = Literal["requested", "accepted", "refused", "cancelled", "settled"]
Volume = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class TransferFilters(ListParameters, frozen=True):
    """The filters and the sort of a list of transfers."""

    status: Status | None = None
    owner: Owner | None = None
    account: Annotated[Number, Meta(description="Transfers with a leg of this account.")] | None = None
    reference: Reference | None = None
    requested_from: Annotated[datetime, Meta(tz=True, description="Requested then or later.")] | None = None
    requested_to: Annotated[datetime, Meta(tz=True, description="Requested before then.")] | None = None
    min_volume: Volume | None = None
    max_volume: Volume | None = None
    sort: Literal["requested_at", "-requested_at", "volume", "-volume"] = "-requested_at"


class TransferSummary(Struct, frozen=True, kw_only=True):
    """A transfer as lists show it."""

    id: str
    version: Version
    reference: str | None
    owner: str
    status: Status
    volume: int
    leg_count: int
    requested_at: Timestamp
    updated_at: Timestamp


class TransferLeg(Struct, frozen=True, kw_only=True):
    """A leg. It has no name while the read model does not know the account."""

    leg_no: Annotated[int, Meta(ge=1)]
    account: Number
    name: str | None
    amount: int


class Shortfall(Struct, frozen=True):
    """An account with too little money, because of which a transfer was refused."""

    account: Number
    requested: int
    available: int


class TransferDetail(TransferSummary, frozen=True, kw_only=True):
    """A transfer with its legs."""

    reason: str | None
    shortfalls: list[Shortfall]
    legs: list[TransferLeg]


_COLUMNS = """t.id, t.version, t.reference, t.owner, t.status, t.volume, t.leg_count, t.requested_at, t.updated_at"""
_LIST = f"SELECT {_COLUMNS} FROM transfers t{{index}}"
# STRAIGHT_JOIN: an account's transfers are read and sorted. Without it, a server may walk all transfers in order.
_OF_ACCOUNT = f"""SELECT {_COLUMNS} FROM (SELECT DISTINCT l.transfer_id FROM transfer_legs l WHERE l.account = %s) found
  STRAIGHT_JOIN transfers t ON t.id = found.transfer_id"""
_DETAIL = f"SELECT {_COLUMNS}, t.reason, t.shortfalls FROM transfers t WHERE t.id = %s AND t.deleted_at IS NULL"
# Other services' tables are LEFT JOINed, tombstones included.
_LEGS = """SELECT l.leg_no, l.account, a.name, l.amount FROM transfer_legs l LEFT JOIN accounts a ON a.id = l.account
  WHERE l.transfer_id = %s ORDER BY l.leg_no"""
_ID = SortKey("t.id", "id")


def list_transfers(cursor: QueryCursor, filters: TransferFilters, signer: Signer) -> Page[TransferSummary]:
    """Return one page of transfers.

    Raises:
        Malformed: the bookmark belongs to another list.
        Invalid: a time is out of range.
    """
    where = Where("t.deleted_at IS NULL")
    where.add("t.status = %s", filters.status)
    where.add("t.owner = %s", filters.owner)
    where.add("t.reference = %s", filters.reference)
    where.add("t.requested_at >= %s", _utc(filters.requested_from, "requested_from"))
    where.add("t.requested_at < %s", _utc(filters.requested_to, "requested_to"))
    where.add("t.volume >= %s", filters.min_volume)
    where.add("t.volume <= %s", filters.max_volume)
    by = filters.sort.removeprefix("-")
    sort = Sort((SortKey(f"t.{by}", by), _ID), filters.sort.startswith("-"))
    bookmark, values = Bookmark(signer, "transfers", filters), [] if filters.account is None else [filters.account]
    select = _OF_ACCOUNT if values else _LIST.format(index=_index(filters))
    return read_page(cursor, select, where, sort, bookmark, filters.limit, _summary, values=values)


def _index(filters: TransferFilters) -> str:
    """Return a hint for the index with a status's transfers in the list's order, if there is no other filter.

    MariaDB estimates no more than half of a table for a range. If more than half of the transfers have the status, it
    would not begin at a later page's first item, but read the index from its end.
    """
    by_volume = filters.sort.endswith("volume")
    times, volumes = (filters.requested_from, filters.requested_to), (filters.min_volume, filters.max_volume)
    others = (filters.owner, filters.reference, *(times if by_volume else volumes))
    if filters.status is None or others != (None,) * 4:
        return ""
    return f" FORCE INDEX (transfers_status_{'volume' if by_volume else 'requested'})"


def get_transfer(cursor: QueryCursor, id: str) -> TransferDetail | None:
    """Return one transfer with its legs, or None if the read model has no such transfer."""
    cursor.execute(_DETAIL, (id,))
    row = cursor.fetchone()
    if row is None:
        return None
    cursor.execute(_LEGS, (id,))
    return TransferDetail(
        **_members(row),
        reason=row["reason"],
        shortfalls=msgspec.json.decode(row["shortfalls"] or "[]", type=list[Shortfall]),
        legs=[TransferLeg(**leg) for leg in cursor.fetchall()],
    )


def _summary(row: ResultRow) -> TransferSummary:
    return TransferSummary(**_members(row))


def _members(row: ResultRow) -> dict[str, Any]:
    names = ("id", "version", "reference", "owner", "status", "volume", "leg_count")
    times = ("requested_at", "updated_at")
    return {name: row[name] for name in names} | {name: timestamp(row[name]) for name in times}


def _utc(moment: datetime | None, parameter: str) -> datetime | None:
    """Return a time with an offset as the read model's naive UTC."""
    if moment is None:
        return None
    try:
        return moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError as error:
        detail = "out of range in UTC: years 1 to 9999"
        raise Invalid(f"{parameter}: {detail}.", faults=[Fault(detail, parameter=parameter)]) from error
