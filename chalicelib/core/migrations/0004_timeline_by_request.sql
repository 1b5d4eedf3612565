-- A timeline also shows what else the same requests led to.

ALTER TABLE timeline ADD INDEX timeline_by_request (correlation_id);
