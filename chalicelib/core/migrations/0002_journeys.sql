-- What the journey of a command needs: which commits belong together, and when each became visible. The time is the
-- database's own. It is null in rows from before this migration, of which nobody knows it.

ALTER TABLE timeline ADD COLUMN correlation_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '';

ALTER TABLE timeline ADD COLUMN applied_at DATETIME(3) NULL;

ALTER TABLE timeline MODIFY COLUMN applied_at DATETIME(3) NULL DEFAULT CURRENT_TIMESTAMP(3);
