-- The read model of the domain that the engine's own tests run on. The rules are those of every service's tables.

CREATE TABLE accounts (
  id         VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  version    BIGINT UNSIGNED NOT NULL,
  owner      VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  name       VARCHAR(200) NOT NULL,
  note       TEXT         NOT NULL,
  balance    BIGINT       NOT NULL,
  held       BIGINT       NOT NULL,
  available  BIGINT       NOT NULL,
  opened_at  DATETIME(3)  NOT NULL,
  updated_at DATETIME(3)  NOT NULL,
  deleted_at DATETIME(3)  NULL,
  PRIMARY KEY (id),
  KEY accounts_name (name, id),
  KEY accounts_balance (balance, id),
  KEY accounts_owner (owner, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE account_words (
  id   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  word VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (id, word),
  KEY account_words_word (word, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE transfers (
  id           VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  version      BIGINT UNSIGNED NOT NULL,
  reference    VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  owner        VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  status       VARCHAR(16)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  reason       VARCHAR(500) NULL,
  shortfalls   TEXT         NULL,
  volume       BIGINT       NOT NULL,
  leg_count    INT          NOT NULL,
  requested_at DATETIME(3)  NOT NULL,
  updated_at   DATETIME(3)  NOT NULL,
  deleted_at   DATETIME(3)  NULL,
  PRIMARY KEY (id),
  KEY transfers_requested (requested_at, id),
  KEY transfers_volume (volume, id),
  KEY transfers_status_requested (status, requested_at, id),
  KEY transfers_status_volume (status, volume, id),
  KEY transfers_owner_requested (owner, requested_at, id),
  KEY transfers_reference (reference)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE transfer_legs (
  transfer_id  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  leg_no       INT         NOT NULL,
  account      VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  amount       BIGINT      NOT NULL,
  requested_at DATETIME(3) NOT NULL,
  PRIMARY KEY (transfer_id, leg_no),
  KEY transfer_legs_account (account, requested_at, transfer_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE turnover_by_account (
  day       DATE          NOT NULL,
  account   VARCHAR(64)   CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  transfers BIGINT        NOT NULL,
  incoming  DECIMAL(30,0) NOT NULL,
  outgoing  DECIMAL(30,0) NOT NULL,
  PRIMARY KEY (day, account),
  KEY turnover_by_account_account (account, day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE owner_activity (
  owner             VARCHAR(128)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  transfers         BIGINT        NOT NULL,
  volume            DECIMAL(30,0) NOT NULL,
  last_requested_at DATETIME(3)   NULL,
  PRIMARY KEY (owner)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
