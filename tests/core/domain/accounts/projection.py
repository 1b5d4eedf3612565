"""How accounts become rows. Holds have no rows; only the timeline shows them."""

from datetime import datetime

from chalicelib.core.fields import Name, Text
from chalicelib.core.service import Head, Projection, Row, Rows, RowVersion, Table, word_rows, word_table
from chalicelib.core.times import to_utc
from tests.core.domain.fields import Number, Owner


class AccountRow(Row, frozen=True):
    """A row of `accounts`."""

    id: Number
    version: RowVersion
    owner: Owner
    name: Name
    note: Text
    balance: int
    held: int
    available: int
    opened_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


ACCOUNTS = Table("accounts", AccountRow, key=("id",))
WORDS = word_table("account_words")


def rows(head: Head) -> Rows:
    """One row an account, and one a word that it is found by; available is what is in it and not promised."""
    state, at = head.state, to_utc(head.at)
    balance, held = state.get("balance", 0), state.get("held", 0)
    return Rows(
        AccountRow(
            id=head.id,
            version=head.version,
            owner=state["owner"],
            name=state["name"],
            note=state.get("note", ""),
            balance=balance,
            held=held,
            available=balance - held,
            opened_at=to_utc(state["opened_at"]),
            updated_at=at,
            deleted_at=at if head.deleted else None,
        ),
        {WORDS.name: word_rows(head.id, state["name"])},
    )


PROJECTION = Projection(root=ACCOUNTS, rows=rows, children=(WORDS,))
