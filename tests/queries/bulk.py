"""A read model of 100,000 orders, made by the server itself in seconds, uneven as real ones are.

Every value follows from the row's number, so that each run has the same rows. What is rare here is also
old: a plan that walks the orders from the newest and filters would have to walk past all of them.
"""

from typing import Any

ORDERS = 100_000
CUSTOMERS = 5_000
PRODUCTS = 4_000

RARE_STATUS = "rejected"  # 40 orders, the oldest
RARE_CURRENCY = "SEK"  # 40 orders, the oldest
POPULAR_SKU = "SKU-1"  # in one order of ten
RARE_SKU = "SKU-3999"
RARE_WORD = "kaleidoscope"  # in 25 orders
BUSY_CUSTOMER = "cus_B0"  # 2,000 orders

_DIGIT = "(SELECT 0 AS d UNION ALL " + " UNION ALL ".join(f"SELECT {n}" for n in range(1, 10)) + ")"
_NUMBERS = """INSERT INTO numbers SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d
  FROM {digit} a, {digit} b, {digit} c, {digit} d, {digit} e"""

_STATEMENTS = (
    "CREATE TEMPORARY TABLE numbers (n INT NOT NULL PRIMARY KEY)",
    _NUMBERS.format(digit=_DIGIT),
    f"""INSERT INTO customers (id, version, name, email, country, created_at, updated_at, deleted_at)
      SELECT CONCAT('cus_B', n), 1, CONCAT('Customer ', CRC32(n)), CONCAT('customer', n, '@example.com'),
        'United Kingdom', '2024-01-01', '2024-01-01', IF(n % 50 = 49, '2024-06-01', NULL)
      FROM numbers WHERE n < {CUSTOMERS} ORDER BY n""",
    f"""INSERT INTO products (sku, version, name, description, price, currency, created_at, updated_at, deleted_at)
      SELECT CONCAT('SKU-', n), 1, CONCAT('Thing ', CRC32(n)), CONCAT('One of many: ', CRC32(n + 7)),
        CRC32(n + 3) % 10000, IF(n < 40, 'SEK', 'GBP'), '2024-01-01', '2024-01-01', IF(n % 50 = 49, '2024-06-01', NULL)
      FROM numbers WHERE n < {PRODUCTS} ORDER BY n""",
    f"""INSERT INTO stock (sku, version, on_hand, reserved, available, updated_at, deleted_at)
      SELECT CONCAT('SKU-', n), 1, 10 + CRC32(n + 5) % 1000, 10, CRC32(n + 5) % 1000, '2024-01-01', NULL
      FROM numbers WHERE n < {PRODUCTS} ORDER BY n""",
    f"""INSERT INTO orders (id, version, reference, customer_id, status, reason, shortages, currency, total, quantity,
        line_count, placed_at, updated_at, deleted_at, search_text)
      SELECT CONCAT('ord_', LPAD(n, 8, '0')), 1, CONCAT('R', n),
        CONCAT('cus_B', IF(n % 50 = 0, 0, CRC32(n) % {CUSTOMERS})),
        IF(n < 40, '{RARE_STATUS}', ELT(1 + CRC32(n + 1) % 10, 'placed', 'confirmed', 'shipped', 'cancelled',
          'delivered', 'delivered', 'delivered', 'delivered', 'delivered', 'delivered')),
        NULL, NULL, IF(n BETWEEN 20 AND 59, '{RARE_CURRENCY}', 'GBP'), CRC32(n + 2) % 100000, 3, 3,
        TIMESTAMP('2024-01-01') + INTERVAL n * 10 MINUTE, '2026-01-01', NULL,
        CONCAT('R', n, ' Customer SKU thing', CRC32(n) % 4000, IF(n % 4000 = 17, ' {RARE_WORD}', ''))
      FROM numbers WHERE n < {ORDERS} ORDER BY n""",
    *(
        f"""INSERT INTO order_lines (order_id, line_no, sku, name, quantity, unit_price, amount, placed_at)
      SELECT CONCAT('ord_', LPAD(n, 8, '0')), {line}, CONCAT('SKU-',
          IF({line} = 1 AND n % 10 = 0, 1, (CRC32(n * 3 + {line}) % {PRODUCTS - 1}))),
        'A thing', 1, 100, 100, TIMESTAMP('2024-01-01') + INTERVAL n * 10 MINUTE
      FROM numbers WHERE n < {ORDERS} ORDER BY n"""
        for line in (1, 2, 3)
    ),
    f"""INSERT INTO order_lines (order_id, line_no, sku, name, quantity, unit_price, amount, placed_at)
      SELECT CONCAT('ord_', LPAD(n, 8, '0')), 4, '{RARE_SKU}', 'A thing', 1, 100, 100,
        TIMESTAMP('2024-01-01') + INTERVAL n * 10 MINUTE
      FROM numbers WHERE n < 30 ORDER BY n""",
    """INSERT INTO sales_by_customer (day, currency, customer_id, orders, quantity, amount)
      SELECT DATE(placed_at), currency, customer_id, COUNT(*), SUM(quantity), SUM(total) FROM orders
      WHERE status IN ('confirmed', 'shipped', 'delivered') GROUP BY DATE(placed_at), currency, customer_id""",
    """INSERT INTO sales_by_product (day, currency, sku, bucket, orders, quantity, amount)
      SELECT DATE(o.placed_at), o.currency, l.sku, CRC32(o.id) % 4, COUNT(DISTINCT o.id), SUM(l.quantity), SUM(l.amount)
      FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE o.status IN ('confirmed', 'shipped', 'delivered')
      GROUP BY DATE(o.placed_at), o.currency, l.sku, CRC32(o.id) % 4""",
    """INSERT INTO customer_spend (customer_id, currency, order_count, spend, last_order_at)
      SELECT customer_id, currency, SUM(status IN ('confirmed', 'shipped', 'delivered')),
        SUM(IF(status IN ('confirmed', 'shipped', 'delivered'), total, 0)), MAX(placed_at)
      FROM orders GROUP BY customer_id, currency""",
    f"""INSERT INTO timeline (service, id, version, at, command, actor, commit_id, events)
      SELECT 'orders', CONCAT('ord_', LPAD(n, 8, '0')), 1, '2026-01-01', 'orders.place', 'staff', CONCAT('c', n), '[]'
      FROM numbers WHERE n < {ORDERS} ORDER BY n""",
    "DROP TEMPORARY TABLE numbers",
    "ANALYZE TABLE customers, products, stock, orders, order_lines, sales_by_customer, sales_by_product,"
    " customer_spend, timeline",
)


def fill(connection: Any) -> None:
    """Fill an empty, migrated read model. The connection is in autocommit mode."""
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement)
            cursor.fetchall()
