"""The contents of the read model, and the sums that its summaries should have by its base rows."""

from tests.shop.histories import PROJECTIONS
from tests.support import reading
from tests.support.reading import Values, query

__all__ = ["base_tables", "query", "summaries"]

SOLD = "status IN ('confirmed', 'shipped', 'delivered')"
# The sums, in SQL that does not come from the projector's code.
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


def base_tables(url: str) -> dict[str, set[Values]]:
    """Return the base tables and the timeline, in the form of `histories.fold`."""
    return reading.base_tables(url, PROJECTIONS.values())


def summaries(url: str) -> tuple[dict[str, set[Values]], dict[str, set[Values]]]:
    """Return the stored summaries, and the sums of the base rows."""
    return reading.results(url, KEPT), reading.results(url, SUMS)
