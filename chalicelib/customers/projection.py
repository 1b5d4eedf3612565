"""How customers become rows."""

from chalicelib.core.service import Head, Projection, Rows, Table
from chalicelib.core.times import to_utc

CUSTOMERS = Table(
    name="customers",
    key=("id",),
    columns=("id", "version", "name", "email", "country", "created_at", "updated_at", "deleted_at"),
)


def rows(head: Head) -> Rows:
    """One row a customer."""
    state, at = head.state, to_utc(head.at)
    return Rows(
        (
            head.id,
            head.version,
            state["name"],
            state["email"],
            state.get("country"),
            to_utc(state["created_at"]),
            at,
            at if head.deleted else None,
        )
    )


PROJECTION = Projection(root=CUSTOMERS, rows=rows)
