"""Only queries use the readers."""

from chalicelib.core.mysql.connections import parse_url
from chalicelib.core.runtime import Runtime
from chalicelib.core.settings import Settings
from tests.core.bootstrap import PERMISSIONS, SERVICES


def test_reads_and_writes_go_to_their_own_servers(module_database: str, session_database: str) -> None:
    """Queries use READ_DATABASE_URL. The projector and the checks use DATABASE_URL."""
    settings = Settings.from_env({"DATABASE_URL": module_database, "READ_DATABASE_URL": session_database})
    runtime = Runtime(settings, SERVICES, PERMISSIONS, lambda _: {})
    for pool, url in ((runtime.readers, session_database), (runtime.writers, module_database)):
        with pool.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT DATABASE()")
            assert cursor.fetchone() == (parse_url(url).database,)
        pool.close()
