"""An order from MySQL, with pydantic's types, for the answers of both frameworks."""

# mypy: ignore-errors
# Its libraries are only in .venv-peers.

import os
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlsplit

import pymysql
from pydantic import BaseModel
from pymysql.cursors import DictCursor

_ORDER = """SELECT o.id, o.version, o.reference, o.status, o.customer_id, c.name AS customer_name, o.currency, o.total,
  o.quantity, o.line_count, o.placed_at, o.updated_at FROM orders o LEFT JOIN customers c ON c.id = o.customer_id
  WHERE o.id = %s AND o.deleted_at IS NULL"""
_LINES = """SELECT l.line_no, l.sku, COALESCE(p.name, l.name) AS name, l.quantity, l.unit_price, l.amount, s.available
  FROM order_lines l LEFT JOIN products p ON p.sku = l.sku LEFT JOIN stock s ON s.sku = l.sku
  WHERE l.order_id = %s ORDER BY l.line_no"""


class Line(BaseModel):
    """A line of an order."""

    line_no: int
    sku: str
    name: str
    quantity: int
    unit_price: int
    amount: int
    available: int | None


class Order(BaseModel):
    """An order with its lines."""

    id: str
    version: int
    reference: str | None
    status: str
    customer_id: str
    customer_name: str | None
    currency: str
    total: int
    quantity: int
    line_count: int
    placed_at: datetime
    updated_at: datetime
    lines: list[Line]


@lru_cache
def connection():
    """Return the process's only connection."""
    url = urlsplit(os.environ["READ_DATABASE_URL"])
    return pymysql.connect(
        host=url.hostname,
        port=url.port,
        user=url.username,
        password=url.password,
        database=url.path[1:],
        autocommit=True,
        cursorclass=DictCursor,
    )


def order(id: str) -> Order | None:
    """Return an order, or None."""
    with connection().cursor() as cursor:
        cursor.execute(_ORDER, (id,))
        row = cursor.fetchone()
        if row is None:
            return None
        cursor.execute(_LINES, (id,))
        return Order(**row, lines=cursor.fetchall())
