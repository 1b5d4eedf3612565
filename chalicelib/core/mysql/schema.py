"""What a deployment does to the read model: it applies the migrations, then brings the users up to date."""

from collections.abc import Sequence
from typing import Any

from chalicelib.core.mysql.migrate import migrate
from chalicelib.core.mysql.migration_sets import MigrationSet
from chalicelib.core.settings import Settings


def bring_up_to_date(settings: Settings, sets: Sequence[MigrationSet]) -> dict[str, Any]:
    """Apply the migrations that are not applied yet, and create or update the users. Repeating it does no harm.

    Args:
        settings: the function's settings.
        sets: the migrations; see `migrate`.

    Returns:
        {"applied": titles of the migrations applied now, "users": number of users brought up to date}.

    Raises:
        MigrationFailed, BadSettings: the message says what to do.
    """
    url = settings.need("database_url")
    applied = migrate(url, sets)
    secrets = [secret for secret in (settings.writer_secret, settings.reader_secret) if secret]
    if secrets:
        from chalicelib.core.mysql.users import READS, WRITES, ensure_user_of_secret

        for secret in secrets:
            ensure_user_of_secret(url, secret, WRITES if secret == settings.writer_secret else READS)
    return {"applied": applied, "users": len(secrets)}
