-- Which tables the projector writes. Each of its transactions reads its service's row under a shared lock; `ops rebuild`
-- changes it under an exclusive one, and swaps the whole table together with the tables that it has built. A service
-- without a row gets one by its first transaction.

CREATE TABLE generations (
  service  VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  live     INT         NOT NULL,  -- the generation of the projection that the tables in use are written by
  building INT         NULL,      -- the one that a rebuild fills, in tables whose names end in __next
  PRIMARY KEY (service)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- How far a rebuild is: a row for each part of each table's scan. `ops rebuild --resume` goes on from here, and
-- GET /status tells it.

CREATE TABLE rebuilds (
  service    VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  segment    INT         NOT NULL,
  segments   INT         NOT NULL,
  position   TEXT        NULL,      -- where the scan goes on, in JSON; NULL is its beginning
  finished   TINYINT     NOT NULL,
  items      BIGINT      NOT NULL,  -- that were written or found newer
  expected   BIGINT      NULL,      -- about how many there are, where somebody knows
  started_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (service, segment)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
