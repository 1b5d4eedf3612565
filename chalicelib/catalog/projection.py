"""How products become rows."""

from datetime import datetime

from chalicelib.core.fields import Name, Text
from chalicelib.core.service import Head, Projection, Row, Rows, RowVersion, Table, word_rows, word_table
from chalicelib.core.times import to_utc
from chalicelib.vocabulary import Currency, Sku


class ProductRow(Row, frozen=True):
    """A row of `products`."""

    sku: Sku
    version: RowVersion
    name: Name
    description: Text
    price: int
    currency: Currency
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


PRODUCTS = Table("products", ProductRow, key=("sku",))
WORDS = word_table("product_words")


def rows(head: Head) -> Rows:
    """Return one row for the product, and one for each word by which a search finds it."""
    state, at = head.state, to_utc(head.at)
    return Rows(
        ProductRow(
            sku=head.id,
            version=head.version,
            name=state["name"],
            description=state.get("description", ""),
            price=state["price"],
            currency=state["currency"],
            created_at=to_utc(state["created_at"]),
            updated_at=at,
            deleted_at=at if head.deleted else None,
        ),
        {WORDS.name: word_rows(head.id, head.id, state["name"])},
    )


PROJECTION = Projection(root=PRODUCTS, rows=rows, children=(WORDS,))
