"""How customers become rows."""

from datetime import datetime

from chalicelib.core.service import Head, Projection, Row, Rows, Table
from chalicelib.core.times import to_utc


class CustomerRow(Row, frozen=True):
    """A row of `customers`."""

    id: str
    version: int
    name: str
    email: str
    country: str | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


CUSTOMERS = Table("customers", CustomerRow, key=("id",))


def rows(head: Head) -> Rows:
    """One row a customer."""
    state, at = head.state, to_utc(head.at)
    return Rows(
        CustomerRow(
            id=head.id,
            version=head.version,
            name=state["name"],
            email=state["email"],
            country=state.get("country"),
            created_at=to_utc(state["created_at"]),
            updated_at=at,
            deleted_at=at if head.deleted else None,
        )
    )


PROJECTION = Projection(root=CUSTOMERS, rows=rows)
