-- What the scheduled check has seen in the last day, a row a service and check; GET /status?hours=24 answers from here.

CREATE TABLE lag_history (
  service     VARCHAR(32)   CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  checked_at  DATETIME(3)   NOT NULL,
  lag_seconds DECIMAL(12,3) NULL,
  PRIMARY KEY (service, checked_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
