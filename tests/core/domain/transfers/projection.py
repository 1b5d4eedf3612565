"""How transfers become rows, and what they add to the summaries."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.core.service import Head, Projection, Row, Rows, Summary, Table
from chalicelib.core.times import to_utc

# Transfers that count.
COUNTED = frozenset({"accepted", "settled"})

TRANSFERS = Table(
    name="transfers",
    key=("id",),
    columns=(
        "id",
        "version",
        "reference",
        "owner",
        "status",
        "reason",
        "shortfalls",
        "volume",
        "leg_count",
        "requested_at",
        "updated_at",
        "deleted_at",
    ),
)
LEGS = Table(
    name="transfer_legs",
    key=("transfer_id", "leg_no"),
    columns=("transfer_id", "leg_no", "account", "amount", "requested_at"),
)
TURNOVER = Table(
    name="turnover_by_account",
    key=("day", "account"),
    columns=("day", "account", "transfers", "incoming", "outgoing"),
)
ACTIVITY = Table(
    name="owner_activity",
    key=("owner",),
    columns=("owner", "transfers", "volume", "last_requested_at"),
)

Children = Mapping[str, Sequence[Mapping[str, Any]]]


def rows(head: Head) -> Rows:
    """One row a transfer, and one a leg."""
    return Rows(_transfer(head), {LEGS.name: _legs(head)})


def _transfer(head: Head) -> Row:
    state, at = head.state, to_utc(head.at)
    shortfalls = state.get("shortfalls")
    return (
        head.id,
        head.version,
        state.get("reference"),
        state["owner"],
        state["status"],
        state.get("reason"),
        msgspec.json.encode(shortfalls).decode() if shortfalls else None,
        state["volume"],
        len(state["legs"]),
        to_utc(state["requested_at"]),
        at,
        at if head.deleted else None,
    )


def _legs(head: Head) -> list[Row]:
    requested_at = to_utc(head.state["requested_at"])
    return [
        (head.id, number, leg["account"], leg["amount"], requested_at)
        for number, leg in enumerate(head.state["legs"], start=1)
    ]


def _turnover(transfer: Mapping[str, Any], children: Children) -> Iterator[tuple[Row, Row]]:
    """A transfer counts once for each account that it touches."""
    if transfer["status"] not in COUNTED:
        return
    requested_at: datetime = transfer["requested_at"]
    sums: dict[str, tuple[int, int]] = {}
    for leg in children[LEGS.name]:
        incoming, outgoing = sums.get(leg["account"], (0, 0))
        sums[leg["account"]] = (incoming + max(0, leg["amount"]), outgoing + max(0, -leg["amount"]))
    for account, (incoming, outgoing) in sums.items():
        yield (requested_at.date(), account), (1, incoming, outgoing)


def _activity(transfer: Mapping[str, Any], _children: Children) -> Iterator[tuple[Row, Row]]:
    """The last one counts whatever became of it."""
    count, volume = (1, transfer["volume"]) if transfer["status"] in COUNTED else (0, 0)
    yield (transfer["owner"],), (count, volume, transfer["requested_at"])


# What the functions above add up, in SQL.
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
