"""How transfers become rows, and the amounts that they add to the summaries."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.core.fields import Note
from chalicelib.core.service import Head, Projection, Row, Rows, RowVersion, Summary, Table
from chalicelib.core.times import to_utc
from tests.core.domain.fields import Number, Owner, Reference, TransferId
from tests.core.domain.transfers.bodies import MAX_LEGS

# The statuses of transfers that count.
COUNTED = frozenset({"accepted", "settled"})
LegNumber = Annotated[int, Meta(ge=1, le=MAX_LEGS)]


class TransferRow(Row, frozen=True):
    """A row of `transfers`. `shortfalls` is JSON."""

    id: TransferId
    version: RowVersion
    reference: Reference | None
    owner: Owner
    status: Annotated[str, Meta(max_length=16)]
    reason: Note | None
    shortfalls: str | None
    volume: int
    leg_count: LegNumber
    requested_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


class LegRow(Row, frozen=True):
    """A row of `transfer_legs`."""

    transfer_id: TransferId
    leg_no: LegNumber
    account: Number
    amount: int
    requested_at: datetime


class TurnoverRow(Row, frozen=True):
    """A row of `turnover_by_account`."""

    day: date
    account: Number
    transfers: int
    incoming: int
    outgoing: int


class ActivityRow(Row, frozen=True):
    """A row of `owner_activity`."""

    owner: Owner
    transfers: int
    volume: int
    last_requested_at: datetime


TRANSFERS = Table("transfers", TransferRow, key=("id",))
LEGS = Table("transfer_legs", LegRow, key=("transfer_id", "leg_no"))
TURNOVER = Table("turnover_by_account", TurnoverRow, key=("day", "account"))
ACTIVITY = Table("owner_activity", ActivityRow, key=("owner",))

Legs = Mapping[str, Sequence[LegRow]]


def rows(head: Head) -> Rows:
    """Return one row for a transfer, and one for each leg."""
    return Rows(_transfer(head), {LEGS.name: _legs(head)})


def _transfer(head: Head) -> TransferRow:
    state, at = head.state, to_utc(head.at)
    shortfalls = state.get("shortfalls")
    return TransferRow(
        id=head.id,
        version=head.version,
        reference=state.get("reference"),
        owner=state["owner"],
        status=state["status"],
        reason=state.get("reason"),
        shortfalls=msgspec.json.encode(shortfalls).decode() if shortfalls else None,
        volume=state["volume"],
        leg_count=len(state["legs"]),
        requested_at=to_utc(state["requested_at"]),
        updated_at=at,
        deleted_at=at if head.deleted else None,
    )


def _legs(head: Head) -> list[LegRow]:
    requested_at = to_utc(head.state["requested_at"])
    return [
        LegRow(
            transfer_id=head.id,
            leg_no=number,
            account=leg["account"],
            amount=leg["amount"],
            requested_at=requested_at,
        )
        for number, leg in enumerate(head.state["legs"], start=1)
    ]


def _turnover(transfer: TransferRow, children: Legs) -> Iterator[TurnoverRow]:
    """Yield the turnover of a transfer, which counts once for each of its accounts."""
    if transfer.status not in COUNTED:
        return
    sums: dict[str, tuple[int, int]] = {}
    for leg in children[LEGS.name]:
        incoming, outgoing = sums.get(leg.account, (0, 0))
        sums[leg.account] = (incoming + max(0, leg.amount), outgoing + max(0, -leg.amount))
    day = transfer.requested_at.date()
    for account, (incoming, outgoing) in sums.items():
        yield TurnoverRow(day=day, account=account, transfers=1, incoming=incoming, outgoing=outgoing)


def _activity(transfer: TransferRow, _: Legs) -> Iterator[ActivityRow]:
    """Yield the owner's activity. The last transfer counts in any status."""
    counted = transfer.status in COUNTED
    yield ActivityRow(
        owner=transfer.owner,
        transfers=1 if counted else 0,
        volume=transfer.volume if counted else 0,
        last_requested_at=transfer.requested_at,
    )


# The same sums as those of the functions above, in SQL.
_COUNTED = "status IN ('{}')".format("', '".join(sorted(COUNTED)))
_TURNOVER_SUMS = f"""
  SELECT DATE(t.requested_at) AS day, l.account AS account, COUNT(DISTINCT t.id) AS transfers,
    SUM(GREATEST(l.amount, 0)) AS incoming, SUM(GREATEST(-l.amount, 0)) AS outgoing
  FROM {{transfers}} t JOIN {{transfer_legs}} l ON l.transfer_id = t.id WHERE t.{_COUNTED}
  GROUP BY DATE(t.requested_at), l.account"""
_ACTIVITY_SUMS = f"""
  SELECT owner, SUM({_COUNTED}) AS transfers, SUM(IF({_COUNTED}, volume, 0)) AS volume,
    MAX(requested_at) AS last_requested_at
  FROM {{transfers}} GROUP BY owner"""

PROJECTION = Projection(
    root=TRANSFERS,
    rows=rows,
    children=(LEGS,),
    summaries=(
        Summary(ACTIVITY, _activity, _ACTIVITY_SUMS, greatest=("last_requested_at",)),
        Summary(TURNOVER, _turnover, _TURNOVER_SUMS),
    ),
)
