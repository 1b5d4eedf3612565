"""How products become rows."""

from chalicelib.core.service import Head, Projection, Rows, Table
from chalicelib.core.times import to_utc

PRODUCTS = Table(
    name="products",
    key=("sku",),
    columns=(
        "sku",
        "version",
        "name",
        "description",
        "price",
        "currency",
        "created_at",
        "updated_at",
        "deleted_at",
    ),
)


def rows(head: Head) -> Rows:
    """One row a product."""
    state, at = head.state, to_utc(head.at)
    return Rows(
        (
            head.id,
            head.version,
            state["name"],
            state.get("description", ""),
            state["price"],
            state["currency"],
            to_utc(state["created_at"]),
            at,
            at if head.deleted else None,
        )
    )


PROJECTION = Projection(root=PRODUCTS, rows=rows)
