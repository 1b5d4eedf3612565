-- The engine's own tables, which hold nothing of any one domain.

-- One row a commit, from every record before compaction. The one table that the write model cannot
-- give again: rebuild and repair never empty or swap it.

CREATE TABLE timeline (
  service     VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  id          VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  version     BIGINT UNSIGNED NOT NULL,
  at          DATETIME(3)  NOT NULL,
  command     VARCHAR(64)  NOT NULL,
  actor       VARCHAR(200) NOT NULL,
  commit_id   VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  events      LONGTEXT     NOT NULL,
  PRIMARY KEY (service, id, version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- What the scheduled check last saw, a row a service; GET /status answers from here.

CREATE TABLE service_status (
  service      VARCHAR(32)   CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  lag_seconds  DECIMAL(12,3) NULL,
  dead_letters BIGINT        NOT NULL,
  checked_at   DATETIME(3)   NOT NULL,
  PRIMARY KEY (service)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- The newest heartbeat of each service that came through its stream; the check measures lag by it.

CREATE TABLE heartbeats (
  service     VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  beat        BIGINT UNSIGNED NOT NULL,
  sent_at     DATETIME(3)  NOT NULL,
  applied_at  DATETIME(3)  NOT NULL,
  PRIMARY KEY (service)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Which tables the projector writes. Each of its transactions reads its service's row under a shared lock; `ops rebuild`
-- changes it under an exclusive one, and swaps the whole table together with the tables that it has built. A service
-- without a row gets one by its first transaction.

CREATE TABLE generations (
  service  VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  live     INT         NOT NULL,  -- the generation of the projection that the tables in use are written by
  building INT         NULL,      -- the one that a rebuild fills, in tables whose names end in __next
  erased   TINYINT     NOT NULL DEFAULT 0,  -- whether `erasures` has rows of the service
  PRIMARY KEY (service)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Whose personal data were erased (`ops erase`), a row an aggregate. A record of that version or an older one, however
-- late it comes, adds to the timeline without them. Like the timeline, the write model cannot give this table again.

CREATE TABLE erasures (
  service   VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  id        VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  version   BIGINT UNSIGNED NOT NULL,
  erased_at DATETIME(3)  NOT NULL,
  PRIMARY KEY (service, id)
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
