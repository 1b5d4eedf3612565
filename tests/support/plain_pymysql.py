"""PyMySQL as it is. The connections of core/mysql/connections.py have their own reader of rows."""

from typing import Any

import pymysql

from chalicelib.core.mysql.connections import parse_url


def connect_plainly(url: str, conversions: Any) -> Any:
    """Return a connection of PyMySQL in autocommit mode, without TLS, with these converters."""
    place = parse_url(url)
    return pymysql.connect(
        host=place.host,
        port=place.port,
        user=place.user,
        password=place.password,
        database=place.database,
        charset="utf8mb4",
        autocommit=True,
        conv=conversions,
        ssl_disabled=True,
    )
