"""How customers become rows."""

from datetime import datetime

from chalicelib.core.fields import Email, Name
from chalicelib.core.service import Head, Projection, Row, Rows, RowVersion, Table, word_rows, word_table
from chalicelib.core.times import to_utc
from chalicelib.vocabulary import Country, CustomerId


class CustomerRow(Row, frozen=True):
    """A row of `customers`."""

    id: CustomerId
    version: RowVersion
    name: Name
    email: Email
    country: Country | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


CUSTOMERS = Table("customers", CustomerRow, key=("id",))
WORDS = word_table("customer_words")


def rows(head: Head) -> Rows:
    """Return one row for the customer, and one for each word by which a search finds it."""
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
        ),
        {WORDS.name: word_rows(head.id, state["name"], state["email"])},
    )


PROJECTION = Projection(root=CUSTOMERS, rows=rows, children=(WORDS,))
