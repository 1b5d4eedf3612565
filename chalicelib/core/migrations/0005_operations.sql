-- What shows that a stream stands still: the heartbeat that the check sent last, and since when the oldest one waits that
-- had not come through when the check looked. `every_seconds` is the time since the check before, by which a missing check
-- is noticed.

ALTER TABLE service_status
  ADD COLUMN beat BIGINT UNSIGNED NULL,
  ADD COLUMN waiting_since DATETIME(3) NULL,
  ADD COLUMN every_seconds DECIMAL(12,3) NULL;

-- Commits that became visible, a minute: the check counts them along the index. A value is new at the end of the index, so
-- the projector's inserts go to one place of it.

ALTER TABLE lag_history ADD COLUMN commits BIGINT NOT NULL DEFAULT 0;

CREATE INDEX timeline_applied ON timeline (applied_at);

-- The last outcome of `ops verify`, a row a service. GET /status answers from here.

CREATE TABLE verifications (
  service     VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  finished_at DATETIME(3) NOT NULL,
  found       BIGINT      NOT NULL,  -- differences
  left_over   BIGINT      NOT NULL,  -- of these, those that were not repaired
  rebuilt     TINYINT     NOT NULL,  -- whether a rebuild swapped the tables meanwhile, so that the outcome says nothing
  PRIMARY KEY (service)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
