"""The read model's users: one who writes, one who can only read. Made by the migrations, with every deployment.

Their passwords are in Secrets Manager, where RDS Proxy reads them too. A secret that was changed is in force
after the next run.
"""

import json
import re
from typing import TYPE_CHECKING, Any

from chalicelib.core.mysql.connections import connect, parse_url
from chalicelib.core.telemetry import log

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

WRITES = "SELECT, INSERT, UPDATE, DELETE"
READS = "SELECT"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


def ensure_user(url: str, user: str, password: str, rights: str) -> None:
    """Make a user of the database, or give it this password and these rights.

    Args:
        url: of the database, with a user who may create users.
        user: its name.
        password: its password.
        rights: WRITES or READS; what it had besides is taken from it.

    Raises:
        ValueError: a name that is none.
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
    """The same for a user whose name and password a secret holds: {"username": ..., "password": ...}.

    Args:
        url: of the database.
        secret: its ARN or name in Secrets Manager.
        rights: WRITES or READS.
    """
    import boto3

    client: Any = boto3.client("secretsmanager")
    content = json.loads(client.get_secret_value(SecretId=secret)["SecretString"])
    ensure_user(url, content["username"], content["password"], rights)
