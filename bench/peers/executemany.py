"""PyMySQL's executemany, once for each table of a batch. This project's decoder decodes the items.

https://pymysql.readthedocs.io/en/latest/modules/cursors.html#pymysql.cursors.Cursor.executemany
"""

from typing import TYPE_CHECKING

from bench.peers import plain
from bench.workload import SERVICES, Batches, table_of
from chalicelib.core.dynamodb.codec import decode_item

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor


def write(connection: "Connection[Cursor]", batches: Batches) -> None:
    """Write all batches, each in one transaction."""
    for batch in batches:
        rows: dict[str, list[plain.PlainRow]] = {}
        for raw in batch:
            for table, row in plain.rows_of(SERVICES[table_of(raw)].name, decode_item(raw["dynamodb"]["NewImage"])):
                rows.setdefault(table, []).append(row)
        connection.query("START TRANSACTION")
        with connection.cursor() as cursor:
            for table, found in rows.items():
                cursor.executemany(plain.upsert(table, tuple(found[0])), found)
        connection.query("COMMIT")
