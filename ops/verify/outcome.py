"""The outcome of a verification, kept in the read model, so that GET /status and the console can tell it."""

from collections.abc import Iterable

from ops.verify.run import Connect, VerifyReport

_KEEP = """INSERT INTO verifications (service, finished_at, found, left_over, rebuilt)
  VALUES (%s, UTC_TIMESTAMP(3), %s, %s, %s)
  ON DUPLICATE KEY UPDATE finished_at = VALUES(finished_at), found = VALUES(found), left_over = VALUES(left_over),
  rebuilt = VALUES(rebuilt)"""


def keep_outcome(connect: Connect, services: Iterable[str], report: VerifyReport) -> None:
    """Write a row for each service that was verified."""
    connection = connect()
    try:
        with connection.cursor() as cursor:
            for name in services:
                found, left = report.found[name], report.found[name] - report.mended[name]
                cursor.execute(_KEEP, (name, found, left, name in report.rebuilt))
        connection.commit()
    finally:
        connection.close()
