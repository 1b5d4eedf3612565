"""What a deployment does to the read model: its migrations, then its users."""

from collections.abc import Sequence
from typing import Any

from chalicelib.core.mysql.migrate import migrate
from chalicelib.core.mysql.migration_sets import MigrationSet
from chalicelib.core.settings import Settings


def bring_up_to_date(settings: Settings, sets: Sequence[MigrationSet]) -> dict[str, Any]:
    """Apply what is not applied yet; harmless when repeated.

    Args:
        settings: of the function.
        sets: the migrations, see `migrate`.

    Returns:
        {"applied": the titles of the migrations, "users": how many users were looked after}.

    Raises:
        MigrationFailed, BadSettings: saying what to do.
    """
    url = settings.need("database_url")
    applied = migrate(url, sets)
    secrets = [secret for secret in (settings.writer_secret, settings.reader_secret) if secret]
    if secrets:
        from chalicelib.core.mysql.users import READS, WRITES, ensure_user_of_secret

        for secret in secrets:
            ensure_user_of_secret(url, secret, WRITES if secret == settings.writer_secret else READS)
    return {"applied": applied, "users": len(secrets)}
