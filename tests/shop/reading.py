"""What the read model holds, and what its summaries should hold by its own base rows."""

import time
from typing import Any

from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector import timeline
from tests.shop.histories import PROJECTIONS

Values = tuple[Any, ...]
SOLD = "status IN ('confirmed', 'shipped', 'delivered')"
# The sums, written in SQL apart from the projector's code.
SUMS = {
    "sales_by_product": f"""
        SELECT DATE(o.placed_at), o.currency, l.sku, COUNT(DISTINCT o.id), SUM(l.quantity), SUM(l.amount)
        FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE {SOLD}
        GROUP BY DATE(o.placed_at), o.currency, l.sku""",
    "sales_by_customer": f"""
        SELECT DATE(placed_at), currency, customer_id, COUNT(*), SUM(quantity), SUM(total)
        FROM orders WHERE {SOLD} GROUP BY DATE(placed_at), currency, customer_id""",
    "customer_spend": f"""
        SELECT customer_id, currency, SUM({SOLD}), SUM(IF({SOLD}, total, 0)), MAX(placed_at)
        FROM orders GROUP BY customer_id, currency""",
}
KEPT = {
    "sales_by_product": """
        SELECT day, currency, sku, SUM(orders), SUM(quantity), SUM(amount)
        FROM sales_by_product GROUP BY day, currency, sku""",
    "sales_by_customer": "SELECT day, currency, customer_id, orders, quantity, amount FROM sales_by_customer",
    "customer_spend": "SELECT customer_id, currency, order_count, spend, last_order_at FROM customer_spend",
}


def query(url: str, statement: str) -> list[Values]:
    """The rows of a statement, in a connection of its own."""
    connection = connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            rows: Any = cursor.fetchall()
            return list(rows)
    finally:
        connection.close()


def base_tables(url: str) -> dict[str, set[Values]]:
    """The base tables and the timeline, as `histories.fold` gives them."""
    tables = [timeline.TABLE]
    for projection in PROJECTIONS.values():
        tables += [projection.root, *projection.children]
    return {table.name: set(query(url, f"SELECT {','.join(table.columns)} FROM {table.name}")) for table in tables}


def summaries(url: str) -> tuple[dict[str, set[Values]], dict[str, set[Values]]]:
    """The summaries as kept, and as they add up from the base rows."""
    return (
        {name: set(query(url, statement)) for name, statement in KEPT.items()},
        {name: set(query(url, statement)) for name, statement in SUMS.items()},
    )


def _waiting_for_a_lock(url: str) -> bool:
    """Whether any transaction of the server waits for a row's lock."""
    return bool(query(url, "SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"))


def until_waiting_for_a_lock(url: str) -> None:
    """Wait until some transaction waits for a row's lock."""
    deadline = time.monotonic() + 30
    while not _waiting_for_a_lock(url):
        assert time.monotonic() < deadline, "nobody ever waited for a lock"
        time.sleep(0.2)  # InnoDB refreshes that table only if nobody read it for 0.1 s
