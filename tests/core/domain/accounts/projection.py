"""How accounts become rows. Holds show in the timeline alone."""

from chalicelib.core.service import Head, Projection, Rows, Table
from chalicelib.core.times import to_utc

ACCOUNTS = Table(
    name="accounts",
    key=("id",),
    columns=(
        "id",
        "version",
        "owner",
        "name",
        "note",
        "balance",
        "held",
        "available",
        "opened_at",
        "updated_at",
        "deleted_at",
    ),
)


def rows(head: Head) -> Rows:
    """One row an account; available is what is in it and not promised."""
    state, at = head.state, to_utc(head.at)
    balance, held = state.get("balance", 0), state.get("held", 0)
    return Rows(
        (
            head.id,
            head.version,
            state["owner"],
            state["name"],
            state.get("note", ""),
            balance,
            held,
            balance - held,
            to_utc(state["opened_at"]),
            at,
            at if head.deleted else None,
        )
    )


PROJECTION = Projection(root=ACCOUNTS, rows=rows)
