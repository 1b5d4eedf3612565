"""The projector's session: what its locking relies on."""

from chalicelib.core.mysql.connections import LOCK_WAIT_SECONDS, connect
from chalicelib.core.projector import Writer


def test_read_committed_and_short_lock_waits(database: str) -> None:
    """At REPEATABLE READ absent rows would be locked by gaps; a lock is waited for shorter than Lambda lives."""
    writer = Writer(lambda: connect(database))
    with writer.connection().cursor() as cursor:
        # MariaDB and MySQL name the variable differently.
        cursor.execute("SHOW SESSION VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation')")
        assert {value for _, value in cursor.fetchall()} == {"READ-COMMITTED"}
        cursor.execute("SHOW SESSION VARIABLES LIKE 'innodb_lock_wait_timeout'")
        ((_, seconds),) = cursor.fetchall()
        assert int(seconds) == LOCK_WAIT_SECONDS
    writer.close()
