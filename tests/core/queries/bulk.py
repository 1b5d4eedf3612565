"""A read model of 100,000 transfers, which the server generates in seconds. Its data are as uneven as real data.

Every value follows from the row's number, so that each run has the same rows. Rare values are also old: a plan that
reads the transfers from the newest and filters them would have to read almost all.
"""

from collections.abc import Iterator
from typing import Any

TRANSFERS = 100_000
ACCOUNTS = 20_000
OWNERS = 2_000

RARE_STATUS = "refused"  # 40 transfers, the oldest
BUSY_OWNER = "usr_0"  # one transfer of fifty
POPULAR_ACCOUNT = "N-0"  # in one transfer of fifty
RARE_ACCOUNT = f"N-{ACCOUNTS - 1}"  # in 30 transfers, the oldest
RARE_WORD = "kaleidoscope"  # of one account
COMMON_WORD = "account"  # of every other account

_DIGIT = "(SELECT 0 AS d UNION ALL " + " UNION ALL ".join(f"SELECT {n}" for n in range(1, 10)) + ")"
_NUMBERS = f"""INSERT INTO numbers SELECT n FROM (
    SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d AS n
    FROM {_DIGIT} a, {_DIGIT} b, {_DIGIT} c, {_DIGIT} d, {_DIGIT} e) t
  WHERE n < {TRANSFERS} ORDER BY n"""
_COLOURS = "'red', 'white', 'blue', 'green', 'pink', 'black', 'cream', 'ivory', 'silver', 'gold'"
_ID = "CONCAT('tra_', LPAD(n, 8, '0'))"
_REQUESTED = "TIMESTAMP('2024-01-01') + INTERVAL n * 600 SECOND"
_VOLUME = "CRC32(n + 2) % 100000"
_TARGET = f"IF(n < 30, '{RARE_ACCOUNT}', CONCAT('N-', CRC32(n * 3 + 1) % {ACCOUNTS - 1}))"
_SOURCE = f"CONCAT('N-', IF(n % 50 = 0, 0, CRC32(n * 3 + 2) % {ACCOUNTS - 1}))"


def _statements() -> Iterator[str]:
    yield "CREATE TEMPORARY TABLE numbers (n INT NOT NULL PRIMARY KEY)"
    yield _NUMBERS
    yield f"""INSERT INTO accounts (id, version, owner, name, note, balance, held, available, opened_at, updated_at,
        deleted_at)
      SELECT CONCAT('N-', n), 1, CONCAT('usr_', CRC32(n) % {OWNERS}),
        IF(n = 77, 'A {RARE_WORD}', CONCAT('Account ', ELT(1 + CRC32(n + 11) % 10, {_COLOURS}), ' ', CRC32(n))), '',
        CRC32(n + 3) % 10000, 0, 0, '2024-01-01', '2024-01-01', IF(n % 50 = 49, '2024-06-01', NULL)
      FROM numbers WHERE n < {ACCOUNTS} ORDER BY n"""
    places = " UNION ALL ".join(f"SELECT {place} AS place" for place in (1, 2, 3))
    yield f"""INSERT INTO account_words (id, word)
      SELECT DISTINCT id, LOWER(SUBSTRING_INDEX(SUBSTRING_INDEX(name, ' ', place), ' ', -1))
      FROM accounts JOIN ({places}) p WHERE place <= 1 + LENGTH(name) - LENGTH(REPLACE(name, ' ', ''))"""
    yield f"""INSERT INTO transfers (id, version, reference, owner, status, reason, shortfalls, volume, leg_count,
        requested_at, updated_at, deleted_at)
      SELECT {_ID}, 1, CONCAT('R', n), CONCAT('usr_', IF(n % 50 = 0, 0, CRC32(n) % {OWNERS})),
        IF(n < 40, '{RARE_STATUS}', ELT(1 + CRC32(n + 1) % 10, 'requested', 'accepted', 'cancelled', 'settled',
          'settled', 'settled', 'settled', 'settled', 'settled', 'settled')),
        NULL, NULL, {_VOLUME}, 2, {_REQUESTED}, '2026-01-01', NULL
      FROM numbers ORDER BY n"""
    for leg, account, sign in ((1, _SOURCE, "-"), (2, _TARGET, "")):
        yield f"""INSERT INTO transfer_legs (transfer_id, leg_no, account, amount, requested_at)
          SELECT {_ID}, {leg}, {account}, {sign}CAST({_VOLUME} AS SIGNED), {_REQUESTED} FROM numbers ORDER BY n"""
    yield """INSERT INTO turnover_by_account (day, account, transfers, incoming, outgoing)
      SELECT DATE(t.requested_at), l.account, COUNT(DISTINCT t.id), SUM(GREATEST(l.amount, 0)),
        SUM(GREATEST(-l.amount, 0))
      FROM transfers t JOIN transfer_legs l ON l.transfer_id = t.id WHERE t.status IN ('accepted', 'settled')
      GROUP BY DATE(t.requested_at), l.account"""
    # Each transfer's request, the commits that followed, and the many commits of one account.
    for service, id, version, request in (
        ("transfers", "CONCAT('tra_', LPAD(n, 8, '0'))", "1", "CONCAT('request-', n)"),
        ("accounts", "CONCAT('hold#tra_', LPAD(n, 8, '0'))", "1", "CONCAT('request-', n)"),
        ("accounts", f"'{POPULAR_ACCOUNT}'", "n", "CONCAT('request-', n)"),
    ):
        yield f"""INSERT INTO timeline (service, id, version, at, command, actor, commit_id, events, correlation_id)
          SELECT '{service}', {id}, {version}, '2025-01-01' + INTERVAL n SECOND, 'c', 'a',
            CONCAT({id}, '-', {version}), '[]', {request}
          FROM numbers"""
    yield "DROP TEMPORARY TABLE numbers"
    yield "ANALYZE TABLE accounts, account_words, transfers, transfer_legs, turnover_by_account, timeline"


def fill(connection: Any) -> None:
    """Fill an empty, migrated read model. The connection is in autocommit mode."""
    with connection.cursor() as cursor:
        for statement in _statements():
            cursor.execute(statement)
            cursor.fetchall()
