"""The settings of the projector's session that its locking depends on."""

from chalicelib.core.mysql.connections import LOCK_WAIT_SECONDS, connect
from chalicelib.core.projector import Writer


def test_read_committed_and_short_lock_waits(database: str) -> None:
    """REPEATABLE READ would lock absent rows by gaps. A lock wait is shorter than the function's time-out."""
    writer = Writer(lambda: connect(database))
    with writer.connection().cursor() as cursor:
        # MariaDB and MySQL have different names for the variable.
        cursor.execute("SHOW SESSION VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation')")
        assert {value for _, value in cursor.fetchall()} == {"READ-COMMITTED"}
        cursor.execute("SHOW SESSION VARIABLES LIKE 'innodb_lock_wait_timeout'")
        ((_, seconds),) = cursor.fetchall()
        assert int(seconds) == LOCK_WAIT_SECONDS
    writer.close()
