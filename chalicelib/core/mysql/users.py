"""The read model's users: one may write, one may only read. Every deployment creates or updates them.

Their passwords are in Secrets Manager, where RDS Proxy reads them too. A changed secret takes effect with the next run.
"""

import json
import re
from typing import TYPE_CHECKING

from chalicelib.core.mysql.connections import connect, parse_url
from chalicelib.core.secrets_manager import secret_text
from chalicelib.core.telemetry import log

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

WRITES = "SELECT, INSERT, UPDATE, DELETE"
READS = "SELECT"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


def ensure_user(url: str, user: str, password: str, rights: str) -> None:
    """Create a database user, or set an existing user's password and privileges.

    Args:
        url: the database's URL, with a user who may create users.
        user: the user's name.
        password: the user's password.
        rights: WRITES or READS. All other privileges of the user are revoked.

    Raises:
        ValueError: the name is not valid.
    """
    if not _NAME.fullmatch(user):
        raise ValueError(f"{user!r} cannot be a user's name: small letters, digits and '_', 32 at most")
    database = parse_url(url).database.replace("`", "``")
    connection = connect(url)
    try:
        with connection.cursor() as cursor:
            _grant(cursor, user, password, f"GRANT {rights} ON `{database}`.* TO %s@'%%'")
    finally:
        connection.close()
    log.info("user of the database is up to date", user=user, rights=rights)


def _grant(cursor: "Cursor", user: str, password: str, grant: str) -> None:
    cursor.execute("CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s", (user, password))
    cursor.execute("ALTER USER %s@'%%' IDENTIFIED BY %s", (user, password))
    cursor.execute("REVOKE ALL PRIVILEGES, GRANT OPTION FROM %s@'%%'", (user,))
    cursor.execute(grant, (user,))


def ensure_user_of_secret(url: str, secret: str, rights: str) -> None:
    """Call `ensure_user` for the name and password in a secret: {"username": ..., "password": ...}.

    Args:
        url: the database's URL.
        secret: the secret's ARN or name in Secrets Manager.
        rights: WRITES or READS.
    """
    content = json.loads(secret_text(secret))
    ensure_user(url, content["username"], content["password"], rights)
