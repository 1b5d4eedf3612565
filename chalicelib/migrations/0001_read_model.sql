-- The shop's read tables. One table a kind of row, one service owning each. The engine's own tables are in
-- chalicelib/core/migrations.
--
-- Rules that the projector relies on:
--   * key columns are utf8mb4_bin (case matters, as in DynamoDB) and hold pattern-checked values;
--   * no unique key but the primary, so that 1062 can mean one thing only;
--   * no foreign keys: an order may arrive before its customer and outlive it;
--   * a tombstone stays as a row with deleted_at, so that a late record cannot revive it;
--   * text that people sort by is utf8mb4_unicode_ci, which Aurora, MySQL and MariaDB all have;
--   * what people search by are words, folded by core/words.py: a row a word in a table beside the one that has the
--     name. No FULLTEXT key: a search by one can neither be bounded nor be interrupted.

CREATE TABLE customers (
  id          VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  version     BIGINT UNSIGNED NOT NULL,
  name        VARCHAR(200) NOT NULL,
  email       VARCHAR(254) NOT NULL,
  country     VARCHAR(60)  NULL,
  created_at  DATETIME(3)  NOT NULL,
  updated_at  DATETIME(3)  NOT NULL,
  deleted_at  DATETIME(3)  NULL,
  PRIMARY KEY (id),
  KEY customers_name (name, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE customer_words (
  id          VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  word        VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (id, word),
  KEY customer_words_word (word, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE products (
  sku         VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  version     BIGINT UNSIGNED NOT NULL,
  name        VARCHAR(200) NOT NULL,
  description TEXT         NOT NULL,
  price       BIGINT       NOT NULL,
  currency    CHAR(3)      CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  created_at  DATETIME(3)  NOT NULL,
  updated_at  DATETIME(3)  NOT NULL,
  deleted_at  DATETIME(3)  NULL,
  PRIMARY KEY (sku),
  KEY products_price (price, sku),
  KEY products_currency (currency, price, sku),
  KEY products_name (name, sku)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE product_words (
  id          VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  word        VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (id, word),
  KEY product_words_word (word, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE stock (
  sku         VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  version     BIGINT UNSIGNED NOT NULL,
  on_hand     BIGINT       NOT NULL,
  reserved    BIGINT       NOT NULL,
  available   BIGINT       NOT NULL,
  updated_at  DATETIME(3)  NOT NULL,
  deleted_at  DATETIME(3)  NULL,
  PRIMARY KEY (sku),
  KEY stock_available (available, sku)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE orders (
  id          VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  version     BIGINT UNSIGNED NOT NULL,
  reference   VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  customer_id VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  status      VARCHAR(16)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  reason      VARCHAR(500) NULL,
  shortages   TEXT         NULL,
  currency    CHAR(3)      CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  total       BIGINT       NOT NULL,
  quantity    BIGINT       NOT NULL,
  line_count  INT          NOT NULL,
  placed_at   DATETIME(3)  NOT NULL,
  updated_at  DATETIME(3)  NOT NULL,
  deleted_at  DATETIME(3)  NULL,
  PRIMARY KEY (id),
  KEY orders_placed (placed_at, id),
  KEY orders_total (total, id),
  KEY orders_status_placed (status, placed_at, id),
  KEY orders_status_total (status, total, id),
  KEY orders_customer_placed (customer_id, placed_at, id),
  KEY orders_currency_placed (currency, placed_at, id),
  KEY orders_currency_total (currency, total, id),
  KEY orders_reference (reference)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE order_words (
  id          VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  word        VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (id, word),
  KEY order_words_word (word, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE order_lines (
  order_id    VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  line_no     INT          NOT NULL,
  sku         VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  name        VARCHAR(200) NOT NULL,
  quantity    BIGINT       NOT NULL,
  unit_price  BIGINT       NOT NULL,
  amount      BIGINT       NOT NULL,
  placed_at   DATETIME(3)  NOT NULL,  -- the order's, so that one index gives the newest orders of a SKU
  PRIMARY KEY (order_id, line_no),
  KEY order_lines_sku (sku, placed_at, order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Summaries: at every moment each measure equals the SUM over the base rows. Orders that are
-- confirmed, shipped or delivered count; last_order_at alone is the newest placed_at of any order.

CREATE TABLE sales_by_product (
  day         DATE         NOT NULL,
  currency    CHAR(3)      CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  sku         VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  bucket      TINYINT UNSIGNED NOT NULL,
  orders      BIGINT       NOT NULL,
  quantity    BIGINT       NOT NULL,
  amount      DECIMAL(30,0) NOT NULL,
  PRIMARY KEY (day, currency, sku, bucket),
  KEY sales_by_product_sku (sku, currency, day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE sales_by_customer (
  day         DATE         NOT NULL,
  currency    CHAR(3)      CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  customer_id VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  orders      BIGINT       NOT NULL,
  quantity    BIGINT       NOT NULL,
  amount      DECIMAL(30,0) NOT NULL,
  PRIMARY KEY (day, currency, customer_id),
  -- With the measures, for reports over all years. Rows are seldom changed after their day; those of a product are, and
  -- an index that holds what changes would cost them more than all else.
  KEY sales_by_customer_customer (customer_id, currency, day, orders, quantity, amount)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE customer_spend (
  customer_id   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  currency      CHAR(3)     CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  order_count   BIGINT      NOT NULL,
  spend         DECIMAL(30,0) NOT NULL,
  last_order_at DATETIME(3) NULL,
  PRIMARY KEY (customer_id, currency),
  KEY customer_spend_spend (currency, spend, customer_id),
  KEY customer_spend_last (currency, last_order_at, customer_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
