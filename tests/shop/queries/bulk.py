"""A read model of 100,000 orders or more, which the server generates in seconds. Its data are as uneven as real data.

Every value follows from the row's number, so that each run has the same rows. Rare values are also old: a plan
that reads the orders from the newest and filters them would have to read almost all.
"""

import re
from collections.abc import Iterator
from typing import Any

ORDERS = 100_000
CUSTOMERS = 5_000
PRODUCTS = 4_000

RARE_STATUS = "rejected"  # 40 orders, the oldest
RARE_CURRENCY = "SEK"  # 40 orders, the oldest
POPULAR_SKU = "SKU-1"  # in one order of ten
RARE_SKU = "SKU-3999"
RARE_WORD = "kaleidoscope"  # of one product, in one order of 4,000
COMMON_WORD = "thing"  # of every product but one
BUSY_CUSTOMER = "cus_B0"  # one order of fifty

_DIGIT = "(SELECT 0 AS d UNION ALL " + " UNION ALL ".join(f"SELECT {n}" for n in range(1, 10)) + ")"
_NUMBERS = """INSERT INTO numbers SELECT n FROM (
    SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d + 100000 * f.d + 1000000 * g.d AS n
    FROM {digit} a, {digit} b, {digit} c, {digit} d, {digit} e, {digit} f, {digit} g) t
  WHERE n < {orders} OR n < 10000 ORDER BY n"""
_COLOURS = "'red', 'white', 'blue', 'green', 'pink', 'black', 'cream', 'ivory', 'silver', 'gold'"
_KINDS = "'lantern', 'mug', 'bag', 'box', 'holder', 'sign', 'cushion', 'clock', 'frame', 'candle', 'tray'"
_NAMES = "'Ada', 'Grace', 'Alan', 'Edsger', 'Barbara', 'Donald', 'Katherine', 'Claude', 'Hedy', 'Dennis', 'Radia'"
# Upper case shows whether an index has folded words.
_PRODUCT_NAME = (
    f"CONCAT('Thing ', UPPER(ELT(1 + CRC32(n + 11) % 10, {_COLOURS})), ' ', ELT(1 + CRC32(n) % 11, {_KINDS}), ' ',"
    " CRC32(n))"
)
_CUSTOMER_NAME = f"CONCAT('Customer ', ELT(1 + CRC32(n) % 11, {_NAMES}), ' ', CRC32(n))"


def _words(table: str, key: str, text: str, source: str, most: int) -> str:
    """Return the words of a text of letters, digits and separators, as core/words.py would split it."""
    blanks = f"REPLACE(REPLACE(REPLACE(LOWER({text}), '-', ' '), '@', ' '), '.', ' ')"
    places = " UNION ALL ".join(f"SELECT {place} AS place" for place in range(1, most + 1))
    return f"""INSERT INTO {table} (id, word)
      SELECT DISTINCT {key}, SUBSTRING_INDEX(SUBSTRING_INDEX({blanks}, ' ', place), ' ', -1)
      FROM {source} JOIN ({places}) p
      WHERE place <= 1 + LENGTH({blanks}) - LENGTH(REPLACE({blanks}, ' ', ''))"""


def _statements(orders: int, customers: int) -> Iterator[str]:
    seconds = 60_000_000 // orders
    placed = f"TIMESTAMP('2024-01-01') + INTERVAL n * {seconds} SECOND"
    yield "CREATE TEMPORARY TABLE numbers (n INT NOT NULL PRIMARY KEY)"
    yield _NUMBERS.format(digit=_DIGIT, orders=orders)
    yield f"""INSERT INTO customers (id, version, name, email, country, created_at, updated_at, deleted_at)
      SELECT CONCAT('cus_B', n), 1, {_CUSTOMER_NAME}, CONCAT('buyer', n, '@example.com'),
        'United Kingdom', '2024-01-01', '2024-01-01', IF(n % 50 = 49, '2024-06-01', NULL)
      FROM numbers WHERE n < {customers} ORDER BY n"""
    yield f"""INSERT INTO products (sku, version, name, description, price, currency, created_at, updated_at,
        deleted_at)
      SELECT CONCAT('SKU-', n), 1, IF(n = {PRODUCTS}, 'A {RARE_WORD}', {_PRODUCT_NAME}),
        CONCAT('One of many: ', CRC32(n + 7)), CRC32(n + 3) % 10000, IF(n < 40, 'SEK', 'GBP'), '2024-01-01',
        '2024-01-01', IF(n % 50 = 49, '2024-06-01', NULL)
      FROM numbers WHERE n <= {PRODUCTS} ORDER BY n"""
    yield f"""INSERT INTO stock (sku, version, on_hand, reserved, available, updated_at, deleted_at)
      SELECT CONCAT('SKU-', n), 1, 10 + CRC32(n + 5) % 1000, 10, CRC32(n + 5) % 1000, '2024-01-01', NULL
      FROM numbers WHERE n < {PRODUCTS} ORDER BY n"""
    yield f"""INSERT INTO orders (id, version, reference, customer_id, status, reason, shortages, currency, total,
        quantity, line_count, placed_at, updated_at, deleted_at)
      SELECT CONCAT('ord_', LPAD(n, 8, '0')), 1, CONCAT('R', n),
        CONCAT('cus_B', IF(n % 50 = 0, 0, CRC32(n) % {customers})),
        IF(n < 40, '{RARE_STATUS}', ELT(1 + CRC32(n + 1) % 10, 'placed', 'confirmed', 'shipped', 'cancelled',
          'delivered', 'delivered', 'delivered', 'delivered', 'delivered', 'delivered')),
        NULL, NULL, IF(n BETWEEN 20 AND 59, '{RARE_CURRENCY}', 'GBP'), CRC32(n + 2) % 100000, 3, 3,
        {placed}, '2026-01-01', NULL
      FROM numbers WHERE n < {orders} ORDER BY n"""
    for line, sku, chosen in (
        (1, f"IF(n % 10 = 0, 1, CRC32(n * 3 + 1) % {PRODUCTS - 1})", f"n < {orders}"),
        (2, f"CRC32(n * 3 + 2) % {PRODUCTS - 1}", f"n < {orders}"),
        (3, f"CRC32(n * 3 + 3) % {PRODUCTS - 1}", f"n < {orders}"),
        (4, str(PRODUCTS - 1), "n < 30"),
        (5, str(PRODUCTS), f"n < {orders} AND n % 4000 = 17"),
    ):
        yield f"""INSERT INTO order_lines (order_id, line_no, sku, name, quantity, unit_price, amount, placed_at)
          SELECT CONCAT('ord_', LPAD(n, 8, '0')), {line}, CONCAT('SKU-', {sku}), 'A thing', 1, 100, 100, {placed}
          FROM numbers WHERE {chosen} ORDER BY n"""
    yield _words("customer_words", "id", "CONCAT(name, ' ', email)", "customers", 6)
    yield _words("product_words", "sku", "CONCAT(sku, ' ', name)", "products", 6)
    yield "INSERT INTO order_words (id, word) SELECT id, LOWER(reference) FROM orders"
    yield """INSERT INTO sales_by_customer (day, currency, customer_id, orders, quantity, amount)
      SELECT DATE(placed_at), currency, customer_id, COUNT(*), SUM(quantity), SUM(total) FROM orders
      WHERE status IN ('confirmed', 'shipped', 'delivered') GROUP BY DATE(placed_at), currency, customer_id"""
    yield """INSERT INTO sales_by_product (day, currency, sku, bucket, orders, quantity, amount)
      SELECT DATE(o.placed_at), o.currency, l.sku, CRC32(o.id) % 4, COUNT(DISTINCT o.id), SUM(l.quantity), SUM(l.amount)
      FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE o.status IN ('confirmed', 'shipped', 'delivered')
      GROUP BY DATE(o.placed_at), o.currency, l.sku, CRC32(o.id) % 4"""
    yield """INSERT INTO customer_spend (customer_id, currency, order_count, spend, last_order_at)
      SELECT customer_id, currency, SUM(status IN ('confirmed', 'shipped', 'delivered')),
        SUM(IF(status IN ('confirmed', 'shipped', 'delivered'), total, 0)), MAX(placed_at)
      FROM orders GROUP BY customer_id, currency"""
    yield f"""INSERT INTO timeline (service, id, version, at, command, actor, commit_id, events)
      SELECT 'orders', CONCAT('ord_', LPAD(n, 8, '0')), 1, '2026-01-01', 'orders.place', 'staff', CONCAT('c', n), '[]'
      FROM numbers WHERE n < {orders} ORDER BY n"""
    yield "DROP TEMPORARY TABLE numbers"


_FILLED = (
    "customers",
    "customer_words",
    "products",
    "product_words",
    "stock",
    "orders",
    "order_words",
    "order_lines",
    "sales_by_customer",
    "sales_by_product",
    "customer_spend",
    "timeline",
)


def fill(connection: Any, orders: int = ORDERS, customers: int = CUSTOMERS) -> None:
    """Fill an empty, migrated read model. The connection is in autocommit mode."""
    with connection.cursor() as cursor:
        for statement in (*_statements(orders, customers), f"ANALYZE TABLE {', '.join(_FILLED)}"):
            cursor.execute(statement)
            cursor.fetchall()


def fill_large(connection: Any, orders: int, customers: int) -> None:
    """Fill a read model larger than the server's memory. The large tables' secondary keys are made at the end."""
    keys = {table: _secondary_keys(connection, table) for table in ("orders", "order_lines", "order_words")}
    with connection.cursor() as cursor:
        for table, found in keys.items():
            cursor.execute(f"ALTER TABLE {table} " + ", ".join(f"DROP KEY {name}" for name in found))
        for statement in _statements(orders, customers):
            cursor.execute(statement)
        for table, found in keys.items():
            cursor.execute(f"ALTER TABLE {table} " + ", ".join(f"ADD KEY {name} {of}" for name, of in found.items()))
        cursor.execute(f"ANALYZE TABLE {', '.join(_FILLED)}")
        cursor.fetchall()


def _secondary_keys(connection: Any, table: str) -> dict[str, str]:
    """Return the columns of these rows in parentheses."""
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW CREATE TABLE {table}")
        return dict(re.findall(r"^\s*KEY (\S+) (\(.*?\))", cursor.fetchone()[1], re.MULTILINE))
